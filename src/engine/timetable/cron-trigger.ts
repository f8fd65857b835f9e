/**
 * @module Airflow 3's plain cron (CronTriggerTimetable, MultipleCronTriggerTimetable): logical date = fire time, an interval of no length.
 */
import { MINUTE_MS } from "../../lib/time-zone.ts";
import { latestOf, runOfInterval } from "./base.ts";
import type { DagRunInfo, DataInterval, TimeRestriction, Timetable } from "./base.ts";
import type { CronClock } from "./cron-clock.ts";

/** Without a start date a fire that is just over still counts: this long, or a tenth of the gap between fires if that is more. */
const PAST_FIRE_MS_MIN = 5 * MINUTE_MS;

export class CronTriggerTimetable implements Timetable {
  readonly #clock: CronClock;
  constructor(clock: CronClock) {
    this.#clock = clock;
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const { earliest, latest, now } = restriction;
    const after = last === null ? null : this.#clock.next(last.end);
    // The only fires of an expression may lie behind the last run: then there is no next one.
    if (last !== null && after === null) return null;
    const first = last === null && earliest === null ? this.#firstFire(now) : null;
    const fromStart = earliest === null ? null : this.#clock.alignToNext(earliest);
    const fire = restriction.catchup
      ? (after ?? first ?? fromStart)
      : latestOf([this.#clock.alignToPrevious(now), after, first, fromStart]);
    if (fire === null || (latest !== null && latest < fire)) return null;
    return runOfInterval(fire, fire);
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }

  #firstFire(now: number): number | null {
    const past = this.#clock.alignToPrevious(now);
    const next = this.#clock.alignToNext(now);
    if (past === null || next === null) return next;
    return now - past <= Math.max((next - past) / 10, PAST_FIRE_MS_MIN) ? past : next;
  }
}

/** Several crons: the earliest next fire of any; with catchup off the newest one that is due, if one is. */
export class MultipleCronTriggerTimetable implements Timetable {
  readonly #each: readonly CronTriggerTimetable[];
  constructor(clocks: readonly CronClock[]) {
    this.#each = clocks.map((clock) => new CronTriggerTimetable(clock));
  }

  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null {
    const infos = this.#each
      .map((timetable) => timetable.nextDagRun(last, restriction))
      .filter((info) => info !== null)
      .toSorted((a, b) => a.runAfter - b.runAfter);
    if (restriction.catchup) return infos[0] ?? null;
    return infos.findLast((info) => info.runAfter <= restriction.now) ?? infos[0] ?? null;
  }

  inferManualInterval(runAfter: number): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}
