/**
 * @module Distances between runs (DeltaTriggerTimetable, DeltaDataIntervalTimetable): fixed ones, where a day is 24 hours whatever the clocks do, and months.
 */
import type { DeltaSpec } from "../../model/dag-spec.ts";
import { latestOf, runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";
import { addDelta, subtractDelta } from "./relative-delta.ts";
import type { Fires } from "./trigger.ts";

/** A fire every `delta`, from the start date; without catchup from now on. */
export function deltaFires(delta: DeltaSpec): Fires {
  const same = (at: number): number => at;
  return { next: (at) => addDelta(at, delta), alignToNext: same, alignToPrevious: same, first: same };
}

/** A run for each span of `delta`: with catchup counted from the start date, else a fixed distance lies on a grid from the epoch. */
export class DeltaDataIntervalTimetable implements Timetable {
  readonly #delta: DeltaSpec;
  constructor(delta: DeltaSpec) {
    this.#delta = delta;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const { earliest, latest, catchup, now } = restriction;
    const newest = catchup ? null : subtractDelta(this.#floor(now, earliest ?? now), this.#delta);
    const found = latestOf([newest, earliest, last === null ? null : last.end]);
    // A last run without length, of another schedule: no two runs share a logical date.
    const start = found !== null && last !== null && found <= last.start ? addDelta(found, this.#delta) : found;
    if (start === null || (latest !== null && start > latest)) return null;
    return runOfInterval(start, addDelta(start, this.#delta));
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: subtractDelta(runAfter, this.#delta), end: runAfter };
  }

  /** The newest boundary at or before `now`. Months have no grid from the epoch: they are counted from `anchor`, one by one, because clamped days stay clamped. */
  #floor(now: number, anchor: number): number {
    const { months, ms } = this.#delta;
    if (months === 0) return now - (((now % ms) + ms) % ms);
    let boundary = anchor;
    for (let next = addDelta(boundary, this.#delta); next <= now; next = addDelta(boundary, this.#delta))
      boundary = next;
    return boundary;
  }
}
