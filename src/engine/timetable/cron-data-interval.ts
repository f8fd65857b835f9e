/**
 * @module Airflow 2's cron (CronDataIntervalTimetable): a run covers the time between two fires and is made at its end.
 */
import { latestOf, runOfInterval, startingAfter } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";
import type { CronClock } from "./cron-clock.ts";

export class CronDataIntervalTimetable implements Timetable {
  readonly #clock: CronClock;
  constructor(clock: CronClock) {
    this.#clock = clock;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    return startingAfter(last, (from) => this.#after(from, restriction));
  }

  #after(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const { latest } = restriction;
    const earliest = this.#earliestStart(restriction);
    const afterLast = last === null ? null : this.#startAfter(last);
    const start = latestOf([afterLast, earliest]);
    if (start === null || (latest !== null && start > latest)) return null;
    const end = this.#clock.next(start);
    return end === null ? null : runOfInterval(start, end);
  }

  /** The last interval that is complete at `runAfter`. */
  inferManualInterval(runAfter: number): DataInterval {
    const end = this.#clock.alignToPrevious(runAfter);
    const start = end === null ? null : this.#clock.previous(end);
    return end === null || start === null ? { start: runAfter, end: runAfter } : { start, end };
  }

  /** The fire at or before the last end. Half-hour clock changes can end an interval between fires: then that end itself, or it would repeat. */
  #startAfter(last: DataInterval): number | null {
    const aligned = this.#clock.alignToPrevious(last.end);
    return aligned !== null && aligned <= last.start && last.end > last.start ? last.end : aligned;
  }

  #earliestStart({ earliest, catchup, now }: TimeRestriction): number | null {
    const fromStart = earliest === null ? null : this.#clock.alignToNext(earliest);
    return catchup ? fromStart : latestOf([this.#newestStart(now), fromStart]);
  }

  /** Start of the newest interval that has ended; one that ends right now counts. */
  #newestStart(now: number): number | null {
    const start = this.#clock.previous(now);
    if (start === null) return null;
    const end = this.#clock.next(start);
    return end === now ? start : this.#clock.previous(start);
  }
}
