/**
 * @module Every timetable by its name: when runs are made, and which dates they carry. In New York's time where the hour matters.
 */
import {
  cronDataInterval,
  cronTrigger,
  dag,
  deltaDataInterval,
  deltaTrigger,
  events,
  type Schedule,
  task,
} from "airflare";

const showDates = task("show_dates", async (_: object, { dataInterval, log, logicalDate }) => {
  log.info(
    `run of ${logicalDate.toISOString()}, for ${dataInterval.start.toISOString()} to ${dataInterval.end.toISOString()}`,
  );
  return { logicalDate, ...dataInterval };
});

function timed(dagId: string, description: string, schedule: Schedule, maxActiveRuns = 16) {
  return dag(
    dagId,
    {
      schedule,
      description,
      startDate: "2025-01-31",
      maxActiveRuns,
      timezone: "America/New_York",
      isPausedUponCreation: true,
      tags: ["example", "schedule"],
    },
    () => {
      showDates();
    },
  );
}

export const timetables = [
  timed("timetable_cron_trigger", "at its fires, which are its dates", cronTrigger("30 2 * * *")),
  timed("timetable_cron_interval", "behind the time it covers", cronDataInterval("30 2 * * *")),
  timed("timetable_weekdays_in_berlin", "at its fires, for the day before", {
    cron: "0 9 * * 1-5",
    timezone: "Europe/Berlin",
    interval: "1d",
  }),
  timed("timetable_several_crons", "mornings, and evenings of weekdays", cronTrigger(["0 6 * * *", "30 18 * * 1-5"])),
  timed("timetable_last_friday", "noon of the last Friday of the month", "0 12 * * L5"),
  timed("timetable_every_ninety_minutes", "from now on", deltaTrigger("90m")),
  timed("timetable_months", "month by month from the last of January", deltaDataInterval({ months: 1 })),
  timed("timetable_events", "when something happens", events(["2026-06-11T20:00", "2026-07-19T15:00"])),
  timed("timetable_once", "a single run", "@once"),
  timed("timetable_continuous", "again as soon as it has ended", "@continuous", 1),
];
