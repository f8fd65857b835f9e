/**
 * @module Fixed distances (DeltaTriggerTimetable, DeltaDataIntervalTimetable). A day is 24 hours, whatever the clocks do.
 */
import { latestOf, runAt, runOfInterval, startingAfter } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";

/** A run every `everyMs`, from the start date; without catchup from now on. */
export class DeltaTriggerTimetable implements Timetable {
  readonly #everyMs: number;
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  nextDagRun(last: DataInterval | null, { earliest, latest, catchup, now }: TimeRestriction): DagRunInfo | null {
    const after = last === null ? null : last.end + this.#everyMs;
    const at = catchup ? (after ?? earliest ?? now) : (latestOf([now, after, earliest]) ?? now);
    return latest !== null && latest < at ? null : runAt(at);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}

/** A run for each span of `everyMs`: with catchup counted from the start date, else on a grid from the epoch. */
export class DeltaDataIntervalTimetable implements Timetable {
  readonly #everyMs: number;
  constructor(everyMs: number) {
    this.#everyMs = everyMs;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    return startingAfter(last, (from) => this.#after(from, restriction));
  }

  #after(last: DataInterval | null, { earliest, latest, catchup, now }: TimeRestriction): DagRunInfo | null {
    const newest = catchup ? null : now - (now % this.#everyMs) - this.#everyMs;
    const start = latestOf([newest, earliest, last === null ? null : last.end]);
    if (start === null || (catchup && last === null && earliest === null)) return null;
    if (latest !== null && start > latest) return null;
    return runOfInterval(start, start + this.#everyMs);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter - this.#everyMs, end: runAfter };
  }
}
