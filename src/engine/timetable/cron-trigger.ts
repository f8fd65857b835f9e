/**
 * @module Fires of one cron as Airflow 3's plain cron takes them (CronTriggerTimetable), with its rule for the first run of a DAG without a start date.
 */
import { MINUTE_MS } from "../../lib/time-zone.ts";
import type { CronClock } from "./cron-clock.ts";
import type { Fires } from "./trigger.ts";

/** Without a start date a fire that is just over still counts: this long, or a tenth of the gap between fires if that is more. */
const PAST_FIRE_MS_MIN = 5 * MINUTE_MS;

/** `runImmediately`: true = always the last fire, a number = if it is at most so many ms ago. False means the tenth of the gap too, as in Airflow. */
export function cronFires(clock: CronClock, runImmediately: boolean | number = false): Fires {
  return {
    next: (at) => clock.next(at),
    alignToNext: (at) => clock.alignToNext(at),
    alignToPrevious: (at) => clock.alignToPrevious(at),
    first: (now) => {
      const past = clock.alignToPrevious(now);
      const next = clock.alignToNext(now);
      if (past === null || next === null) return next;
      if (runImmediately === true) return past;
      const buffer =
        typeof runImmediately === "number" ? runImmediately : Math.max((next - past) / 10, PAST_FIRE_MS_MIN);
      return now - past <= buffer ? past : next;
    },
  };
}
