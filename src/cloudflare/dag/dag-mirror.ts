/**
 * @module The columns of the DAG's row in the history that its object owns: pause, next run, when the cron must wake it.
 */
import type { DagSpec } from "../../model/dag-spec.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import type { DagState } from "./dag-state.ts";

/** Guarded by `seq`. */
export function dagColumns(spec: DagSpec | null, state: DagState, ownSchedule: boolean): MirrorRow {
  const { next } = state;
  const idle = state.paused || state.retired || state.blocked === true;
  // Without a clock of its own the schedule begins at the first tick, whenever that says it is.
  const untouched =
    !ownSchedule && state.tickedAt === 0 && spec !== null && !["none", "assets"].includes(spec.schedule.kind);
  return {
    is_paused: Number(state.paused),
    next_dagrun_logical_date: next?.logicalDate ?? null,
    next_dagrun_interval_start: next?.interval.start ?? null,
    next_dagrun_interval_end: next?.interval.end ?? null,
    next_dagrun_create_after: next?.runAfter ?? null,
    due_at: idle ? null : untouched ? 0 : (next?.runAfter ?? null),
    check_at: state.watchdogAt,
    dag_id: state.dagId,
    seq: state.seq,
  };
}
