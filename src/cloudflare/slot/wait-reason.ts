/**
 * @module Why a request waits, as a sentence for users: the run keeps it and shows it with the task.
 */
import type { SlotDefinition } from "../../model/slot.ts";

/** `limit` is the limit's name; `taken` and `waiting` count the whole limit. */
export function waitReason(
  limit: string,
  definition: SlotDefinition | null,
  { slots, taken, waiting }: { readonly slots: number; readonly taken: number; readonly waiting: number },
): string {
  const colon = limit.indexOf(":");
  const name = limit.slice(colon + 1);
  if (limit.slice(0, colon) !== "pool") {
    const total = definition?.slots ?? 0;
    return `${taken} of ${total} (max_active_tis_per_dag) instances of ${name} are queued or running in all runs; ${waiting} wait.`;
  }
  if (definition === null)
    return `There is no pool ${name}: create it with "airflare pools set ${name} <slots> <description>", or name another pool in the DAG.`;
  if (definition.slots >= 0 && slots > definition.slots)
    return `The task takes ${slots} slots and pool ${name} has ${definition.slots} in all: give the pool more slots or the task fewer.`;
  return `${taken} of ${definition.slots} slots of pool ${name} are taken, the task takes ${slots}; ${waiting} task instance(s) wait for the pool.`;
}
