/**
 * @module The runtime's ports over the Worker's bindings, for the attempts of one run.
 */
import { dagRunObjectName } from "../../model/ids.ts";
import type { DagId, RunId } from "../../model/ids.ts";
import type { Env } from "../env.ts";
import { connectionPort } from "../connections.ts";
import { metricsPort } from "../metrics.ts";
import { objectStore } from "../object-store.ts";
import { variablePort } from "../variables.ts";
import type { RuntimePorts } from "../../runtime/ports.ts";
import { projectConfig } from "../../dag/config.ts";

/** Ports for attempts of run `runId`. The stub is taken anew by each call: a stub that failed once stays broken. */
export function runtimePorts(env: Env, dagId: DagId, runId: RunId): RuntimePorts {
  const run = (): ReturnType<Env["DAG_RUN"]["getByName"]> => env.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  return {
    run: {
      claim: (request) => run().claim(request),
      report: (request) => run().report(request),
      heartbeat: (request) => run().heartbeat(request),
      readXComs: (request) => run().readXComs(request),
      once: (request) => run().once(request),
    },
    objects: objectStore(env.OBJECTS),
    variables: variablePort(env),
    connections: connectionPort(env),
    variableDefaults: projectConfig().variables ?? {},
    metrics: metricsPort(dagId, runId),
    now: () => Date.now(),
    sleep,
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
