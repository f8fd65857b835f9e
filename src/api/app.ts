/**
 * @module The API as one Hono app: Airflow's REST v2, `/auth/token`, and our own `/api/airflare/v1`. `worker.ts` mounts it with the generated DAG index.
 */
import { Hono } from "hono";
import { HttpDetailError, ROUTE_NOT_FOUND, errorResponse } from "./errors.ts";
import { RIGHTS, holds, rightOf } from "./rights.ts";
import { SpecCache } from "./spec-cache.ts";
import { authenticate } from "./auth.ts";
import { backfillRoutes } from "./v2/backfills.ts";
import { scheduleRoutes } from "./airflare/v1/schedules.ts";
import { connectionRoutes } from "./v2/connections.ts";
import { costRoutes } from "./airflare/v1/cost.ts";
import { dagRoutes } from "./v2/dags.ts";
import { dagRunClearRoutes } from "./v2/dag-run-clear.ts";
import { dagRunRoutes } from "./v2/dag-runs.ts";
import { dagSourceRoutes } from "./v2/dag-sources.ts";
import { dagStatsRoutes } from "./v2/dag-stats.ts";
import { dagVersionRoutes } from "./v2/dag-versions.ts";
import { ensureReady } from "./readiness.ts";
import { historyRoutes } from "./airflare/v1/history.ts";
import { logRoutes } from "./v2/logs.ts";
import { matchedRoutes } from "hono/route";
import { metricsRoutes } from "./metrics.ts";
import { monitorRoutes } from "./v2/monitor.ts";
import { taskInstanceCommandRoutes } from "./v2/task-instance-commands.ts";
import { taskInstanceRoutes } from "./v2/task-instances.ts";
import { taskRoutes } from "./v2/tasks.ts";
import { nextRunRoutes } from "./airflare/v1/next-runs.ts";
import { poolRoutes } from "./v2/pools.ts";
import { variableRoutes } from "./v2/variables.ts";
import { whyRoutes } from "./airflare/v1/why.ts";
import { xcomEntryRoutes } from "./v2/xcom-entries.ts";
import type { ApiDeps, ApiVariables } from "./ports.ts";
import type { Context, Next } from "hono";

const ROUTES = [
  monitorRoutes,
  metricsRoutes,
  dagRoutes,
  taskRoutes,
  dagVersionRoutes,
  dagSourceRoutes,
  dagStatsRoutes,
  dagRunRoutes,
  dagRunClearRoutes,
  taskInstanceRoutes,
  taskInstanceCommandRoutes,
  xcomEntryRoutes,
  logRoutes,
  variableRoutes,
  poolRoutes,
  connectionRoutes,
  backfillRoutes,
  scheduleRoutes,
  historyRoutes,
  nextRunRoutes,
  whyRoutes,
  costRoutes,
] as const;

type ApiEnv<Env extends object> = { Bindings: Env; Variables: ApiVariables };

/** The app for one isolate. It keeps nothing between requests but specs by hash and "the deployment is ready". */
export function createApp<Env extends object>(deps: ApiDeps<Env>): Hono<ApiEnv<Env>> {
  const app = new Hono<ApiEnv<Env>>();
  const specs = new SpecCache();
  const ready = ensureReady();

  app.onError((error, c) => errorResponse(error, c, () => crypto.randomUUID()));
  app.notFound(notFound);
  app.use("*", async (c, next) => {
    c.header("x-content-type-options", "nosniff");
    c.header("cache-control", "no-store");
    c.set("index", deps.index);
    c.set("specs", specs);
    c.set(
      "ports",
      deps.ports(c.env, (work) => c.executionCtx.waitUntil(work)),
    );
    await authorize(c, next, ready);
  });
  // The resources do not see the bindings: all they may touch are the ports.
  const resources = new Hono<{ Variables: ApiVariables }>();
  for (const routes of ROUTES) routes(resources);
  app.route("/", resources);
  return app;
}

/** Lets a request through to its route when its caller holds the route's right. A path without a route goes on to {@link notFound}. */
async function authorize<Env extends object>(
  c: Context<ApiEnv<Env>>,
  next: Next,
  ready: ReturnType<typeof ensureReady>,
): Promise<void> {
  const route = matchedRoutes(c).find(({ method }) => method !== "ALL");
  if (route === undefined) return await next();
  const right = rightOf(route.method, route.path);
  if (right !== "public") {
    const caller = await authenticate(c.var.ports.secrets, c.req.header("authorization"));
    if (right === undefined || !holds(caller, right)) throw new HttpDetailError(403, "Forbidden");
    c.set("caller", caller);
    await ready(c.var.ports);
  }
  await next();
}

/** A known path with another method is 405, as FastAPI answers it. */
function notFound(c: Context): Response {
  const allowed = Object.keys(RIGHTS)
    .map((key) => key.split(" "))
    .filter(([, pattern = ""]) => patternFits(pattern, c.req.path))
    .map(([method = ""]) => method);
  if (allowed.length === 0) return c.json(ROUTE_NOT_FOUND, 404);
  return c.json({ detail: "Method Not Allowed" }, 405, { allow: allowed.join(", ") });
}

function patternFits(pattern: string, path: string): boolean {
  const source = pattern
    .split("/")
    .map((part) => (part.startsWith(":") ? (/\{(.+)\}$/.exec(part)?.[1] ?? "[^/]+") : part))
    .join("/");
  return new RegExp(`^${source}$`).test(path);
}
