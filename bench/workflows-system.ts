/**
 * @module Cloudflare Workflows on local workerd, started as Airflare is: Miniflare API, tracing off, one state folder, no Worker in front.
 */
import path from "node:path";
import { build } from "esbuild";
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare";
import { unstable_getMiniflareWorkerOptions as workerOptionsOf } from "wrangler";
import { freePort } from "../scripts/dev/port.mjs";
import { firstResponse, httpClient } from "./http-client.ts";
import type { Shape, StartOptions, System } from "./system.ts";
import { lastWorkerd } from "./workerd-process.ts";

const FOLDER = path.join(import.meta.dirname, "workflows");
const ENDED_BADLY = new Set(["errored", "terminated", "unknown"]);

export async function startWorkflows({ stateFolder }: StartOptions): Promise<System> {
  const beganAt = performance.now();
  const code = await bundle();
  const port = await freePort();
  const answered = firstResponse(port, "/");
  const miniflare = new Miniflare(optionsOf(code, port, stateFolder));
  await miniflare.ready;
  const readyAt = performance.now();
  const answeredAt = await answered;
  const { pid, startedAt } = lastWorkerd();
  const client = httpClient(port);
  return {
    name: "Workflows",
    pid,
    start: { toFirstResponse: answeredAt - beganAt, fromWorkerd: answeredAt - startedAt, toReady: readyAt - beganAt },
    async trigger(shape) {
      const { status, body } = await client.call("POST", "/runs", shape);
      if (status !== 200) throw new Error(`Workflows refused a run: ${status} ${JSON.stringify(body)}`);
      return String(body["id"]);
    },
    async hasEnded(_shape: Shape, id) {
      const { body } = await client.call("GET", `/runs/${id}`);
      const state = String(body["status"]);
      if (ENDED_BADLY.has(state)) throw new Error(`run ${id} of Workflows: ${JSON.stringify(body)}`);
      return state === "complete";
    },
    async stop() {
      client.close();
      await miniflare.dispose();
    },
  };
}

async function bundle(): Promise<string> {
  const { outputFiles } = await build({
    entryPoints: [path.join(FOLDER, "worker.ts")],
    bundle: true,
    write: false,
    format: "esm",
    target: "es2024",
    external: ["cloudflare:*"],
    logLevel: "silent",
  });
  return outputFiles[0]?.text ?? "";
}

function optionsOf(code: string, port: number, stateFolder: string): ConstructorParameters<typeof Miniflare>[0] {
  const { workerOptions, externalWorkers } = workerOptionsOf(path.join(FOLDER, "wrangler.toml"));
  const { modulesRules: _rules, ...worker } = workerOptions;
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    cf: false,
    log: new Log(LogLevel.WARN),
    logRequests: false,
    resourcePersistencePath: path.join(stateFolder, "state"),
    unsafeObservability: false,
    unsafeLocalExplorer: false,
    workers: [
      {
        ...worker,
        name: "bench-workflows",
        modules: [{ type: "ESModule", path: "worker.js", contents: code }],
        unsafeDirectSockets: [{ host: "127.0.0.1", port }],
      },
      ...externalWorkers,
    ],
  });
}
