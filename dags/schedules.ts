/**
 * @module Time-based scheduling: one DAG per kind of schedule. Cron, interval and presets; all in UTC unless a time zone is given.
 */
import { dag, type Schedule, task } from "airflare";

/** What a scheduled task works on: the data interval of its run, never "now". */
const coverInterval = task("cover_interval", async (_: object, { dataInterval, log }) => {
  const hours = (dataInterval.end.getTime() - dataInterval.start.getTime()) / 3_600_000;
  log.info(`${dataInterval.start.toISOString()} and the ${hours} hours behind it`);
  return { from: dataInterval.start, to: dataInterval.end, hours };
});

function scheduled(dagId: string, description: string, scheduleInterval: Schedule) {
  return dag(
    dagId,
    {
      scheduleInterval,
      description,
      startDate: "2025-01-01",
      catchup: false,
      isPausedUponCreation: true,
      tags: ["example", "schedule"],
    },
    () => {
      coverInterval();
    },
  );
}

export const schedules = [
  scheduled("schedule_daily", "2 AM daily", "0 2 * * *"),
  scheduled("schedule_hourly", "every hour", "0 * * * *"),
  scheduled("schedule_weekly", "2 AM every Monday", "0 2 * * 1"),
  scheduled("schedule_monthly", "2 AM on the first of the month", "0 2 1 * *"),
  scheduled("schedule_every_six_hours", "every 6 hours", { every: "6h" }),
  scheduled("schedule_data_interval", "the timetable named", {
    cron: "0 2 * * *",
    timetable: "CronDataIntervalTimetable",
  }),
  scheduled("schedule_preset_daily", "midnight daily", "@daily"),
  scheduled("schedule_preset_hourly", "every hour", "@hourly"),
  scheduled("schedule_preset_weekly", "midnight on Sunday", "@weekly"),
];
