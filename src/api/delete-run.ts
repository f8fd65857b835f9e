/**
 * @module Deleting a run: its DAG forgets it first, so that nothing starts it again, then its storage goes, then its rows and objects.
 */
import type { ApiPorts } from "./ports.ts";
import type { DagId, RunId } from "../model/ids.ts";

/** False when there is no such run. Safe to repeat: each step is. */
export async function deleteRun(ports: ApiPorts, dagId: DagId, runId: RunId): Promise<boolean> {
  const head = await ports.run(dagId, runId).readHead();
  // Removes the storage of the run's object, too.
  const known = await ports.dag(dagId).deleteRun(runId);
  if (head === null && !known) return false;
  if (head !== null) {
    await ports.run(dagId, runId).destroy(head.incarnation);
    await ports.deleteObjects(head);
  }
  await ports.history.deleteRun(dagId, runId);
  return true;
}
