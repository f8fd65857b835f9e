/**
 * @module Asks an author's timetable for runs ahead and brings them to the DAG's object. Code that fails becomes an import error of its file and hurts no
 * other DAG; the next answer that works takes it away.
 */
import { isTimetable, runsAhead } from "../../dag/custom-timetable.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import { loadDag } from "../../dag/dag-registry.ts";
import type { TimetableOrder } from "../../model/custom-timetable.ts";
import { errorInfo } from "../../model/error.ts";
import type { Env } from "../env.ts";
import { clearTimetableError, noteTimetableError } from "../history/queries/import-errors.ts";

/** An order of another version is dropped: a deploy is rolling out, and the object asks again. */
export async function consumeTimetable(order: TimetableOrder, env: Env, index: DagIndex): Promise<void> {
  const { dagId, specHash } = order;
  const entry = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  if (entry?.specHash !== specHash) return;
  const dag = env.DAG.getByName(dagId);
  try {
    const { timetable } = await loadDag(index, dagId);
    if (!isTimetable(timetable)) return;
    const { runs, ended } = runsAhead(timetable, order);
    await dag.extendTimetable({ order, runs, ended, failed: false });
    await clearTimetableError(env.DB, entry.file, dagId);
  } catch (error) {
    await noteTimetableError(env.DB, entry.file, dagId, errorInfo(error).message, Date.now());
    await dag.extendTimetable({ order, runs: [], ended: false, failed: true });
  }
}
