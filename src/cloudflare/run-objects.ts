/**
 * @module What a run leaves in R2, by prefix: large XComs and archived logs of one life of it.
 */
import type { DagId, Incarnation, RunId } from "../model/ids.ts";
import { xcomRunPrefix } from "../runtime/xcom-key.ts";
import type { ObjectStore } from "./object-store.ts";

interface RunLife {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly incarnation: Incarnation;
}

/** Prefix of the log archives. */
export function logRunPrefix({ dagId, runId, incarnation }: RunLife): string {
  return `logs/${dagId}/${runId}/${incarnation}/`;
}

/** Removes all of it; repeats are harmless. */
export async function deleteRunObjects(objects: Pick<ObjectStore, "deletePrefix">, run: RunLife): Promise<void> {
  await Promise.all([objects.deletePrefix(xcomRunPrefix(run)), objects.deletePrefix(logRunPrefix(run))]);
}
