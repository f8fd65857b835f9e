/**
 * @module The runtime's ports over the Worker's bindings, for the attempts of one run.
 */
import { dagRunObjectName } from "../../model/ids.ts";
import type { DagId, RunId } from "../../model/ids.ts";
import type { Env } from "../env.ts";
import { callWithRetry } from "../../runtime/call-retry.ts";
import { connectionPort } from "../connections.ts";
import { AttemptMetrics } from "../metrics/attempt-metrics.ts";
import { objectStore } from "../object-store.ts";
import { seal, unseal } from "../sealed-text.ts";
import { triggerRun } from "./trigger-run.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import { variablePort } from "../variables.ts";
import type { RuntimePorts } from "../../runtime/ports.ts";
import { projectConfig } from "../../dag/config.ts";

/** How long an object that does not answer is asked again on behalf of an author's code. */
const GIVE_UP_MS = 20_000;

const clock = { now: () => Date.now(), sleep };

/** Ports for attempts of run `runId`. The stub is taken anew by each call: a stub that failed once stays broken. Who runs authors' code hands in `metrics` and flushes them. */
export function runtimePorts(
  env: Env,
  index: DagIndex,
  dagId: DagId,
  runId: RunId,
  metrics = new AttemptMetrics(env, dagId, runId),
): RuntimePorts {
  const run = (): ReturnType<Env["DAG_RUN"]["getByName"]> => env.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  return {
    run: {
      claim: (request) => run().claim(request),
      report: (request) => run().report(request),
      heartbeat: (request) => run().heartbeat(request),
      // Asked by the author's code while it runs: an error would cost the attempt a try. Both may be asked twice.
      readXComs: (request) => callWithRetry(() => run().readXComs(request), clock, GIVE_UP_MS),
      once: (request) => callWithRetry(() => run().once(request), clock, GIVE_UP_MS),
    },
    dags: {
      trigger: (order) => callWithRetry(() => triggerRun(env, index, order), clock, GIVE_UP_MS),
      observe: (request) =>
        callWithRetry(() => env.DAG.getByName(request.wait.dagId).observe(request), clock, GIVE_UP_MS),
    },
    assets: {
      latest: (uri, limit) => callWithRetry(() => env.ASSET.getByName(uri).latest(limit), clock, GIVE_UP_MS),
      triggering: (ofDag, ofRun, limit) =>
        callWithRetry(() => env.DAG.getByName(ofDag).assetEventsOf(ofRun, limit), clock, GIVE_UP_MS),
    },
    objects: objectStore(env.OBJECTS),
    secrets: {
      seal: (text) => seal(env.AIRFLARE_SECRET_KEY, `run:${dagId}/${runId}`, text),
      open: (sealed) => unseal(env.AIRFLARE_SECRET_KEY, `run:${dagId}/${runId}`, sealed),
    },
    variables: variablePort(env),
    connections: connectionPort(env, projectConfig().connections ?? {}),
    variableDefaults: projectConfig().variables ?? {},
    metrics: metrics.take,
    ...clock,
    randomId: () => crypto.randomUUID(),
    env,
  };
}

/** Resolves after `ms`; rejects with the signal's reason when that comes first. */
export function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) return reject(signal.reason);
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", aborted, { once: true });
    function done(): void {
      signal?.removeEventListener("abort", aborted);
      resolve();
    }
    function aborted(): void {
      clearTimeout(timer);
      reject(signal?.reason);
    }
  });
}
