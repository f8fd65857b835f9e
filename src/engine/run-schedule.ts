/**
 * @module When a schedule made at run time fires. A fire that was missed is made up for once, by the one that was promised; the others are passed over.
 */
import { isTimeZone } from "../lib/time-zone.ts";
import { AirflareError } from "../model/error.ts";
import type { ScheduleFields, ScheduleTiming } from "../model/run-schedule.ts";
import { CronClock } from "./timetable/cron-clock.ts";
import { parseCron } from "./timetable/cron-expression.ts";

/** The shortest `every`. */
const EVERY_MS_MIN = 1_000;

/** The first fire after an instant; null when there is none, or the schedule is paused. */
export function nextFire(
  { timing, endDate, isPaused }: Pick<ScheduleFields, "timing" | "endDate" | "isPaused">,
  after: number,
): number | null {
  const next = isPaused ? null : nextOf(timing, after);
  return next === null || (endDate !== null && next > endDate) ? null : next;
}

/** Throws `invalid_schedule` that says what is wrong with a new timing. A cron that never fires is accepted. */
export function checkTiming({ timing, endDate }: Pick<ScheduleFields, "timing" | "endDate">, now: number): void {
  if (timing.kind === "cron") {
    if (!isTimeZone(timing.timezone)) {
      const zone = JSON.stringify(timing.timezone);
      throw invalid(`timezone ${zone} is no time zone; use an IANA name like "Europe/Berlin"`);
    }
    try {
      parseCron(timing.cron);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw invalid(`cron ${JSON.stringify(timing.cron)} is refused: ${why}`);
    }
  }
  if (timing.kind === "every" && !(timing.everyMs >= EVERY_MS_MIN)) throw invalid("every must be one second or more");
  if (timing.kind === "at" && timing.at <= now) throw invalid("at must be in the future");
  if (endDate !== null && endDate <= now) throw invalid("end must be in the future");
  if (timing.kind === "at" && endDate !== null && endDate < timing.at) throw invalid("end must not be before at");
}

function nextOf(timing: ScheduleTiming, after: number): number | null {
  switch (timing.kind) {
    case "cron":
      return new CronClock(parseCron(timing.cron), timing.timezone).next(after);
    case "every": {
      const { anchor, everyMs } = timing;
      return anchor + Math.max(1, Math.floor((after - anchor) / everyMs) + 1) * everyMs;
    }
    case "at":
      return timing.at > after ? timing.at : null;
  }
}

function invalid(message: string): AirflareError {
  return new AirflareError("invalid_schedule", `The schedule cannot be made: ${message}.`);
}
