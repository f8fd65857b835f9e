/**
 * @module Whether this deployment can work: migrations applied, the deployed DAGs brought into the history. Asked once per isolate, before any route.
 */
import { operatingErrorCode } from "./errors.ts";
import type { ApiPorts } from "./ports.ts";

/**
 * A check that throws `not_migrated` (naming the command) until it passed once. D1 that does not answer stops nobody here: reads of a run do
 * without it, and lists say so themselves.
 */
export function ensureReady(): (ports: ApiPorts) => Promise<void> {
  let ready = false;
  return async (ports) => {
    if (ready) return;
    try {
      await ports.syncDeploy();
      ready = true;
    } catch (error) {
      if (operatingErrorCode(error) !== "history_unavailable") throw error;
    }
  };
}
