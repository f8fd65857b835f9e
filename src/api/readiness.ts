/**
 * @module Whether this deployment can work: migrations applied, the deployed DAGs brought into the history. Asked once per isolate, before any route.
 */
import { operatingErrorCode } from "./errors.ts";
import type { ApiPorts } from "./ports.ts";

/**
 * A check that throws `not_migrated` (naming the command) until it passed once. Anything else stops nobody here and is tried again by the next
 * request: reads of a run do without D1, lists say themselves that it is down, and one DAG that does not load must not hurt the others.
 */
export function ensureReady(): (ports: ApiPorts) => Promise<void> {
  let ready = false;
  return async (ports) => {
    if (ready) return;
    try {
      await ports.syncDeploy();
      ready = true;
    } catch (error) {
      if (operatingErrorCode(error) === "not_migrated") throw error;
      console.error("airflare: the deployed DAGs could not be brought in; the next request tries again:", error);
    }
  };
}
