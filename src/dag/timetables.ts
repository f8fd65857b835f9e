/**
 * @module Airflow's timetables by name, for a `schedule` that says which one it means, whatever the project switch `createCronDataIntervals` is.
 */
import type { Duration } from "../lib/duration.ts";
import type { CronSchedule, DeltaSchedule, EventsSchedule } from "./schedule.ts";
import type { RelativeDelta } from "./relative-delta.ts";

/**
 * CronTriggerTimetable: a run at each fire; logical date = start of its interval, which is of no length unless `interval` is given.
 * @example
 * dag("report", { schedule: cronTrigger("0 9 * * 1-5", { timezone: "Europe/Berlin", interval: "1d" }) }, () => {});
 */
export function cronTrigger(
  cron: string | readonly string[],
  options: Pick<CronSchedule, "timezone" | "interval" | "runImmediately"> = {},
): CronSchedule {
  return { cron, timetable: "CronTriggerTimetable", ...options };
}

/**
 * CronDataIntervalTimetable: a run covers the time between two fires and is made at its end; logical date = its start.
 * @example
 * dag("etl", { schedule: cronDataInterval("0 2 * * *"), startDate: "2026-01-01", catchup: true }, () => {});
 */
export function cronDataInterval(cron: string, options: Pick<CronSchedule, "timezone"> = {}): CronSchedule {
  return { cron, timetable: "CronDataIntervalTimetable", ...options };
}

/**
 * DeltaTriggerTimetable: a run every so often, from the start date with catchup, else from now on.
 * @example
 * dag("poll", { schedule: deltaTrigger("90m") }, () => {});
 */
export function deltaTrigger(
  every: Duration | RelativeDelta,
  options: Pick<DeltaSchedule, "interval"> = {},
): DeltaSchedule {
  return { every, timetable: "DeltaTriggerTimetable", ...options };
}

/**
 * DeltaDataIntervalTimetable: a run for each span of time, made at its end.
 * @example
 * dag("monthly", { schedule: deltaDataInterval({ months: 1 }), startDate: "2026-01-31" }, () => {});
 */
export function deltaDataInterval(every: Duration | RelativeDelta): DeltaSchedule {
  return { every, timetable: "DeltaDataIntervalTimetable" };
}

/**
 * EventsTimetable: a run at each date of the list.
 * @example
 * dag("releases", { schedule: events(["2026-03-01T12:00:00Z", "2026-09-01T12:00:00Z"]) }, () => {});
 */
export function events(
  at: EventsSchedule["at"],
  options: Pick<EventsSchedule, "restrictToEvents"> = {},
): EventsSchedule {
  return { at, ...options };
}
