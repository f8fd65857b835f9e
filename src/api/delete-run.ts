/**
 * @module Deleting a run: its DAG forgets it first, so that nothing starts it again, then its storage goes, then its rows and objects.
 */
import { xcomRunPrefix } from "../runtime/xcom-key.ts";
import type { ApiPorts } from "./ports.ts";
import type { DagId, RunId } from "../model/ids.ts";

/** False when there is no such run. Safe to repeat: each step is. */
export async function deleteRun(ports: ApiPorts, dagId: DagId, runId: RunId): Promise<boolean> {
  const run = ports.run(dagId, runId);
  const head = await run.readHead();
  const known = await ports.dag(dagId).deleteRun(runId);
  if (head === null) return known;
  await run.destroy(head.incarnation);
  await Promise.all([
    ports.history.deleteRun(dagId, runId),
    ports.objects.deletePrefix(xcomRunPrefix(head)),
    ports.deleteLogs(head),
  ]);
  return true;
}
