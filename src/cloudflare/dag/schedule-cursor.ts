/**
 * @module Which runs the schedule owes at a moment, and where the cursor stands after each. Plain functions over `DagState`.
 */
import { nextDagRun } from "../../engine/timetable/next-dag-run.ts";
import type { DagRunInfo } from "../../engine/timetable/base.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import { dropAhead, nextAhead } from "./runs-ahead.ts";
import type { DagState } from "./dag-state.ts";

/**
 * The run that is due at `at`, or null. Seen from `at` first, so that without catchup a gap gives its newest interval only; else the run that was
 * promised before: a first fire without a start date, or an event, is not forgotten because the tick came late.
 */
export function dueRun(spec: DagSpec, state: DagState, at: number): DagRunInfo | null {
  const seen = nextOf(spec, state, at);
  if (seen !== null && seen.runAfter <= at) return seen;
  return state.next !== null && state.next.runAfter <= at && isAhead(state) ? state.next : null;
}

/** Moves the cursor over a run that was made, or that exists already. */
export function passRun(state: DagState, info: DagRunInfo): void {
  state.last = info.interval;
  dropAhead(state, info);
  state.next = null;
}

/** Computes the promised next run as seen at `at`. */
export function promiseNext(spec: DagSpec, state: DagState, at: number): void {
  const idle = state.paused || state.retired;
  state.next = idle ? null : nextOf(spec, state, at);
}

function nextOf(spec: DagSpec, state: DagState, at: number): DagRunInfo | null {
  return spec.schedule.kind === "custom" ? nextAhead(spec, state, at) : nextDagRun(spec, state.last, at);
}

function isAhead({ last, next }: DagState): boolean {
  return last === null || (next !== null && next.interval.end > last.end);
}
