/**
 * @module The plan of a backfill: the slots of a range by the DAG's timetable, and which of them get a run. Checks and texts are Airflow's.
 */
import { isoTimestamp } from "../lib/time-zone.ts";
import type { BackfillRequest, ReprocessBehavior } from "../model/backfill.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { AirflareError } from "../model/error.ts";
import { FINISHED_RUN_STATES } from "../model/state.ts";
import type { DagRunState } from "../model/state.ts";
import type { DagRunInfo, DataInterval } from "./timetable/base.ts";
import { timetableOf } from "./timetable/next-dag-run.ts";

/** Slots of one backfill. */
export const BACKFILL_SLOTS_MAX = 10_000;
/** Slots that are counted; beyond them the size is told by the pace so far. */
const COUNTED_MAX = 2 * BACKFILL_SLOTS_MAX;
/** Schedules without a grid of times. */
const NON_PERIODIC: ReadonlySet<string> = new Set(["none", "once", "continuous", "assets", "custom"]);

/** What becomes of one slot. */
export type SlotAction = "create" | "reprocess" | "in flight" | "already exists";

/** What a slot gets, by the state of the run that is there (null: none). */
export function slotAction(existing: DagRunState | null, reprocess: ReprocessBehavior): SlotAction {
  if (existing === null) return "create";
  if (!FINISHED_RUN_STATES.has(existing)) return "in flight";
  if (reprocess === "none") return "already exists";
  return reprocess === "completed" || existing === "failed" ? "reprocess" : "already exists";
}

/**
 * Every slot of `[fromDate, toDate]` whose interval has ended, in the order in which runs are to be made. Throws `invalid_backfill` for what
 * Airflow refuses, and for more slots than {@link BACKFILL_SLOTS_MAX}.
 */
export function backfillSlots(spec: DagSpec, request: BackfillRequest, now: number): readonly DagRunInfo[] {
  checkRequest(spec, request, now);
  const slots = slotsOf(spec, request, now);
  if (slots.length > BACKFILL_SLOTS_MAX) throw tooMany(spec.dagId, request, now, slots);
  return request.runBackwards ? slots.toReversed() : slots;
}

function checkRequest(spec: DagSpec, request: BackfillRequest, now: number): void {
  const { fromDate, toDate, runBackwards, reprocessBehavior, maxActiveRuns } = request;
  if (NON_PERIODIC.has(spec.schedule.kind))
    throw invalid(`${spec.dagId} has a non-periodic schedule that does not support backfills`);
  if (fromDate > toDate)
    throw invalid(`from_date (${isoTimestamp(fromDate)}) must not be after to_date (${isoTimestamp(toDate)}).`);
  if (fromDate >= now && toDate >= now) throw invalid("Backfill cannot be executed for future dates.");
  if (maxActiveRuns < 1) throw invalid(`max_active_runs (${maxActiveRuns}) must be at least 1.`);
  if (!spec.tasks.some((task) => task.dependsOnPast)) return;
  if (runBackwards) {
    throw invalid(
      "Backfill cannot be run in reverse when the Dag has tasks where depends_on_past=True or depends_on_previous_tasks is set.",
    );
  }
  if (reprocessBehavior === "none") {
    throw invalid(
      "Dag has tasks for which depends_on_past=True or depends_on_previous_tasks is set. You must set reprocess behavior to reprocess completed or reprocess failed.",
    );
  }
}

/** Oldest first; at most {@link COUNTED_MAX}. */
function slotsOf(spec: DagSpec, { fromDate, toDate }: BackfillRequest, now: number): DagRunInfo[] {
  const timetable = timetableOf(spec.schedule);
  const restriction = { earliest: fromDate, latest: toDate, catchup: true, now };
  const slots: DagRunInfo[] = [];
  let last: DataInterval | null = null;
  while (slots.length < COUNTED_MAX) {
    const info: DagRunInfo | null = timetable.nextDagRun(last, restriction);
    if (info === null || info.interval.end >= now) break;
    slots.push(info);
    last = info.interval;
  }
  return slots;
}

function tooMany(
  dagId: string,
  { fromDate, toDate }: BackfillRequest,
  now: number,
  slots: readonly DagRunInfo[],
): AirflareError {
  const reached = (slots.at(-1)?.interval.end ?? fromDate) - fromDate;
  const share = (Math.min(toDate, now) - fromDate) / Math.max(1, reached);
  const size = slots.length < COUNTED_MAX ? `${slots.length}` : `about ${Math.round(slots.length * share)}`;
  return invalid(
    `The range holds ${size} runs of DAG ${dagId}; a backfill may have at most ${BACKFILL_SLOTS_MAX}. Ask for a shorter range.`,
  );
}

function invalid(message: string): AirflareError {
  return new AirflareError("invalid_backfill", message);
}
