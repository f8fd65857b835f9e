/**
 * @module Airflow 2's cron (CronDataIntervalTimetable): a run covers the time between two fires and is made at its end.
 */
import { latestOf, runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";
import type { CronClock } from "./cron-clock.ts";

export class CronDataIntervalTimetable implements Timetable {
  readonly #clock: CronClock;
  constructor(clock: CronClock) {
    this.#clock = clock;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const { latest } = restriction;
    const afterLast = last === null ? null : this.#clock.alignToPrevious(last.end);
    const found = latestOf([afterLast, this.#earliestStart(restriction)]);
    const start = found === null || last === null ? found : this.#startPast(last, found);
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

  /**
   * No two runs share a logical date: after a change to a schedule with rarer fires the start moves on to the next one. Half-hour clock changes can leave
   * even that behind; Airflow stops there, here the next interval starts where the last one ended.
   */
  #startPast(last: DataInterval, found: number): number | null {
    if (found > last.start) return found;
    const next = this.#clock.next(found);
    if (next === null || next > last.start) return next;
    return last.end > last.start ? last.end : this.#clock.next(last.end);
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
