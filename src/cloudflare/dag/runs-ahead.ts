/**
 * @module The runs ahead of a DAG whose timetable is the author's: kept in the state of the DAG's object, taken one by one, asked for in time.
 */
import { startDateAt } from "../../engine/timetable/next-dag-run.ts";
import type { DagRunInfo } from "../../engine/timetable/base.ts";
import type { TimetableOrder, TimetablePage } from "../../model/custom-timetable.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { DagState } from "./dag-state.ts";

/** Runs kept ahead, and how few make the object ask for more. */
const AHEAD = 40;
const LOW = 20;
/** An order that nobody answered is given again after this; one whose code failed, later. */
export const ASK_AGAIN_MS = 60_000;
const FAILED_AGAIN_MS = 600_000;

/** The next run as seen at `at`: with catchup one after the other, without it the newest that is due. */
export function nextAhead(spec: DagSpec, state: DagState, at: number): DagRunInfo | null {
  const runs = aheadOf(state);
  const newest = spec.catchup ? undefined : runs.findLast((run) => run.runAfter <= at);
  return newest ?? runs[0] ?? null;
}

/** Drops the run that was made, and those before it. */
export function dropAhead(state: DagState, { runAfter }: DagRunInfo): void {
  if (state.ahead !== undefined)
    state.ahead = { ...state.ahead, runs: state.ahead.runs.filter((run) => run.runAfter > runAfter) };
}

/** What is to be asked for now; null: enough is known, or the DAG rests. */
export function orderAhead(spec: DagSpec, state: DagState, now: number): TimetableOrder | null {
  if (spec.schedule.kind !== "custom" || state.paused || state.retired) return null;
  const { ahead } = state;
  const isCurrent = ahead !== undefined && ahead.specHash === state.specHash;
  if (isCurrent && (ahead.ended || ahead.runs.length >= LOW)) return null;
  if (isCurrent && ahead.failedAt !== null && now < ahead.failedAt + FAILED_AGAIN_MS) return null;
  return {
    dagId: state.dagId,
    specHash: state.specHash,
    last: aheadOf(state).at(-1)?.interval ?? state.last,
    earliest: startDateAt(spec, now),
    latest: spec.endDate,
    catchup: spec.catchup,
    count: AHEAD,
  };
}

/** When a timetable that failed is asked again; null when it did not fail. */
export function failedAgainAt({ ahead }: DagState): number | null {
  return ahead === undefined || ahead.failedAt === null ? null : ahead.failedAt + FAILED_AGAIN_MS;
}

/** Takes over an answer; false when it is none to what would be asked now. */
export function takeAhead(state: DagState, { order, runs, ended, failed }: TimetablePage, now: number): boolean {
  if (order.specHash !== state.specHash) return false;
  const known = aheadOf(state);
  const last = known.at(-1)?.interval ?? state.last;
  if (last?.start !== order.last?.start || last?.end !== order.last?.end) return false;
  state.ahead = {
    specHash: state.specHash,
    runs: [...known, ...runs].slice(0, 2 * AHEAD),
    ended: ended && !failed,
    failedAt: failed ? now : null,
  };
  return true;
}

function aheadOf({ ahead, specHash }: DagState): readonly DagRunInfo[] {
  return ahead?.specHash === specHash ? ahead.runs : [];
}
