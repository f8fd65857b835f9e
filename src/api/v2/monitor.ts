/**
 * @module Version, health and login: the only routes that answer without a token.
 */
import { LoginBody } from "../schemas/monitor.ts";
import { login } from "../auth.ts";
import { readBody } from "../validation.ts";
import { wireDateOrNull } from "../schemas/wire-value.ts";
import packageJson from "../../../package.json" with { type: "json" };
import type { ApiApp, ApiPorts } from "../ports.ts";
import type { HealthInfoResponse, LoginResponse, VersionInfo } from "../schemas/monitor.ts";
import type { ApiContext } from "../run-access.ts";
import type { z } from "zod/mini";

/** The clock ticks each minute; two missed ticks count as trouble. */
const TICK_OVERDUE_MS = 150_000;

export function monitorRoutes(app: ApiApp): void {
  app.get("/api/v2/version", (c) => {
    const body: z.infer<typeof VersionInfo> = { version: packageJson.version, git_version: null };
    return c.json(body);
  });
  app.get("/api/v2/monitor/health", async (c) => c.json(await health(c.var.ports)));
  app.post("/auth/token", token);
  app.post("/auth/token/cli", token);
}

async function token(c: ApiContext): Promise<Response> {
  const { username, password } = await readBody(c, LoginBody);
  const { ports } = c.var;
  const body: z.infer<typeof LoginResponse> = {
    access_token: await login(ports.secrets, username, password, ports.now()),
  };
  return c.json(body, 201);
}

/**
 * The clock is our scheduler; waiting tasks wake by alarms of their objects, so there is no triggerer to be healthy or not.
 */
async function health(ports: ApiPorts): Promise<z.infer<typeof HealthInfoResponse>> {
  const [clock] = await Promise.allSettled([ports.history.heartbeats()]);
  const beats = clock.status === "fulfilled" ? clock.value : { tickAt: null, deployAt: null };
  const late = beats.tickAt === null || ports.now() - beats.tickAt > TICK_OVERDUE_MS;
  return {
    metadatabase: { status: clock.status === "fulfilled" ? "healthy" : "unhealthy" },
    scheduler: { status: late ? "unhealthy" : "healthy", latest_scheduler_heartbeat: wireDateOrNull(beats.tickAt) },
    triggerer: { status: null, latest_triggerer_heartbeat: null },
    dag_processor: {
      status: beats.deployAt === null ? null : "healthy",
      latest_dag_processor_heartbeat: wireDateOrNull(beats.deployAt),
    },
  };
}
