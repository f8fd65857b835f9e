/**
 * @module Airflare as `npm start` runs it (index, bundle, migrations, ticks), with the bench's DAGs and spoken to at workerd's own port.
 */
import { randomBytes } from "node:crypto";
import path from "node:path";
import { freePort, listenOnPort } from "../scripts/dev/port.mjs";
import { startServer } from "../scripts/dev/server.mjs";
import { firstResponse, httpClient, type HttpClient } from "./http-client.ts";
import type { Shape, StartOptions, System } from "./system.ts";
import { lastWorkerd } from "./workerd-process.ts";

const PROJECT_FOLDER = path.dirname(import.meta.dirname);
const ENTRY = { deployed: "src/worker.ts", counting: "bench/counting/worker.ts" } as const;

/** Airflare and the client that reads its counters. */
export interface AirflareSystem extends System {
  readonly client: HttpClient;
  /** The history, for what no API answers in one question. */
  database(): Promise<D1Database>;
  /** One tick of the clock, answered when it is done. */
  tick(at: number): Promise<void>;
  /** Deploys the DAG folder as it is now. */
  reload(): Promise<void>;
}

export interface AirflareOptions extends StartOptions {
  /** `counting` wraps the deployed entry and counts what it uses; it is never timed. */
  readonly entry: keyof typeof ENTRY;
  /** The bench's own unless given. */
  readonly dagFolder?: string;
  /** False: nothing ticks but {@link AirflareSystem.tick}, and its time is the time of schedules. */
  readonly ownClock?: boolean;
}

export async function startAirflare(options: AirflareOptions): Promise<AirflareSystem> {
  const beganAt = performance.now();
  const settings = await settingsOf(options);
  const answered = firstResponse(settings.workerdPort, "/api/v2/version");
  const server = await startServer(settings);
  const readyAt = performance.now();
  const answeredAt = await answered;
  const { startedAt } = lastWorkerd();
  let { pid } = lastWorkerd();
  const client = httpClient(settings.workerdPort, await authorization(settings));
  return {
    name: "Airflare",
    get pid() {
      return pid;
    },
    client,
    start: { toFirstResponse: answeredAt - beganAt, fromWorkerd: answeredAt - startedAt, toReady: readyAt - beganAt },
    async trigger(shape) {
      const { status, body } = await client.call("POST", runsPath(shape), { logical_date: null });
      if (status !== 200) throw new Error(`Airflare refused a run: ${status} ${JSON.stringify(body)}`);
      return String(body["dag_run_id"]);
    },
    async hasEnded(shape, id) {
      const { body } = await client.call("GET", `${runsPath(shape)}/${encodeURIComponent(id)}`);
      if (body["state"] === "failed") throw new Error(`run ${id} of Airflare failed: ${JSON.stringify(body)}`);
      return body["state"] === "success";
    },
    database: () => server.miniflare.getD1Database("DB"),
    async tick(at) {
      const { status } = await client.call("GET", `/cdn-cgi/local/scheduled?cron=*+*+*+*+*&time=${at}`);
      if (status !== 200) throw new Error(`a tick was answered with ${status}`);
    },
    async reload() {
      await server.reload();
      // A new bundle starts workerd anew.
      ({ pid } = lastWorkerd());
    },
    async stop() {
      client.close();
      await server.stop();
    },
  };
}

async function settingsOf({ stateFolder, entry, dagFolder, ownClock = true }: AirflareOptions) {
  const listener = await listenOnPort("0");
  const address = listener.address();
  return {
    projectFolder: PROJECT_FOLDER,
    stateFolder,
    dagFolder: dagFolder ?? path.join(import.meta.dirname, "dags"),
    entryFile: ENTRY[entry],
    listener,
    url: `http://127.0.0.1:${typeof address === "object" ? address?.port : address}`,
    workerdPort: await freePort(),
    tick: ownClock,
    secrets: { secretKey: randomBytes(32).toString("base64url"), adminPassword: randomBytes(15).toString("base64url") },
    vars: { AIRFLARE_LOCAL: "1", AIRFLARE_QUEUE_HOLD: "0", ...(ownClock ? {} : { AIRFLARE_TICK: "0" }) },
  };
}

async function authorization(settings: Awaited<ReturnType<typeof settingsOf>>): Promise<{ authorization: string }> {
  const client = httpClient(settings.workerdPort);
  const login = { username: "admin", password: settings.secrets.adminPassword };
  const { status, body } = await client.call("POST", "/auth/token", login);
  client.close();
  if (status >= 300) throw new Error(`no login: ${status} ${JSON.stringify(body)}`);
  return { authorization: `Bearer ${String(body["access_token"])}` };
}

function runsPath({ kind, size }: Shape): string {
  return `/api/v2/dags/${kind}_${size}/dagRuns`;
}
