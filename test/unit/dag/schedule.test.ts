/**
 * @module What the spellings of a schedule mean.
 */
import { afterEach, expect, test } from "vitest";
import {
  asset,
  cronDataInterval,
  cronTrigger,
  dag,
  defineConfig,
  deltaDataInterval,
  deltaTrigger,
  events,
} from "../../../src/index.ts";
import type { DagOptions } from "../../../src/index.ts";
import { nextDagRun } from "../../../src/engine/timetable/next-dag-run.ts";

afterEach(() => {
  defineConfig({});
});
const scheduleOf = (options: DagOptions) => dag("scheduled", options, () => {}).spec.schedule;
const trigger = (cron: string, timezone = "UTC") => ({ kind: "cron-trigger", crons: [cron], timezone });
const interval = (cron: string, timezone = "UTC") => ({ kind: "cron-data-interval", cron, timezone });

test.each<[string, DagOptions, object]>([
  ["nothing", {}, { kind: "none" }],
  ["null", { schedule: null }, { kind: "none" }],
  ["a cron as schedule", { schedule: "0 2 * * *" }, trigger("0 2 * * *")],
  ["a cron as scheduleInterval", { scheduleInterval: "0 2 * * *" }, interval("0 2 * * *")],
  ["six fields", { schedule: "0 2 * * * 30" }, trigger("0 2 * * * 30")],
  ["a preset", { schedule: "@daily" }, trigger("@daily")],
  ["a preset as interval", { scheduleInterval: "@weekly" }, interval("@weekly")],
  ["once", { schedule: "@once" }, { kind: "once" }],
  ["continuous", { schedule: "@continuous", maxActiveRuns: 1 }, { kind: "continuous" }],
  ["a period", { schedule: { every: "6h" } }, { kind: "delta-trigger", everyMs: 21_600_000 }],
  ["a period as interval", { scheduleInterval: { every: "6h" } }, { kind: "delta-data-interval", everyMs: 21_600_000 }],
  [
    "a cron in a zone",
    { schedule: { cron: "0 2 * * *", timezone: "Europe/Berlin" } },
    trigger("0 2 * * *", "Europe/Berlin"),
  ],
  ["a cron in the DAG's zone", { schedule: "0 2 * * *", timezone: "Asia/Tokyo" }, trigger("0 2 * * *", "Asia/Tokyo")],
  [
    "the explicit class",
    { schedule: { cron: "0 2 * * *", timetable: "CronDataIntervalTimetable" } },
    interval("0 2 * * *"),
  ],
  [
    "several crons",
    { schedule: { cron: ["0 2 * * *", "0 14 * * *"] } },
    { kind: "cron-trigger", crons: ["0 2 * * *", "0 14 * * *"], timezone: "UTC" },
  ],
  [
    "dates",
    { schedule: { at: ["2026-01-02", new Date(0), "2026-01-02"] } },
    { kind: "events", at: [0, Date.UTC(2026, 0, 2)] },
  ],
  [
    "several crons, with an interval and the first run at once",
    { schedule: cronTrigger(["0 6 * * *", "0 18 * * *"], { interval: "1d", runImmediately: "10m" }) },
    {
      kind: "cron-trigger",
      crons: ["0 6 * * *", "0 18 * * *"],
      timezone: "UTC",
      interval: { months: 0, ms: 86_400_000 },
      runImmediately: 600_000,
    },
  ],
  [
    "months",
    { schedule: { every: { months: 1, days: -1 } } },
    { kind: "delta-trigger", everyMs: -86_400_000, everyMonths: 1 },
  ],
  [
    "a period with an interval",
    { schedule: deltaTrigger("1d", { interval: { hours: 2 } }) },
    { kind: "delta-trigger", everyMs: 86_400_000, interval: { months: 0, ms: 7_200_000 } },
  ],
  [
    "months as interval",
    { schedule: deltaDataInterval({ months: 1 }) },
    { kind: "delta-data-interval", everyMs: 0, everyMonths: 1 },
  ],
  [
    "dates that manual runs belong to",
    { schedule: events(["2026-01-02"], { restrictToEvents: true }) },
    { kind: "events", at: [Date.UTC(2026, 0, 2)], restrictToEvents: true },
  ],
  [
    "the class by its function",
    { schedule: cronDataInterval("@daily", { timezone: "Asia/Tokyo" }) },
    interval("@daily", "Asia/Tokyo"),
  ],
  ["assets", { schedule: [asset("r2://a"), asset("r2://b")] }, { kind: "assets", uris: ["r2://a", "r2://b"] }],
])("%s", (_name, options, expected) => {
  expect(scheduleOf(options)).toEqual(expected);
});

test("the project switch makes every cron cover the interval before, unless the class is named", () => {
  defineConfig({ createCronDataIntervals: true });
  expect(scheduleOf({ schedule: "@daily" })).toEqual(interval("@daily"));
  expect(scheduleOf({ schedule: { every: "1h" } })).toEqual({ kind: "delta-data-interval", everyMs: 3_600_000 });
  expect(scheduleOf({ schedule: { cron: "@daily", timetable: "CronTriggerTimetable" } })).toEqual(trigger("@daily"));
  expect(scheduleOf({ schedule: deltaTrigger("1h") })).toMatchObject({ kind: "delta-trigger" });
  expect(scheduleOf({ schedule: { every: "1h", interval: "1h" } })).toMatchObject({ kind: "delta-trigger" });
});

test("the text is what the author wrote", () => {
  const textOf = (options: DagOptions) => dag("scheduled", options, () => {}).spec.scheduleText;
  expect([
    textOf({ schedule: "@daily" }),
    textOf({ schedule: { every: "6h" } }),
    textOf({}),
    textOf({ scheduleInterval: "0 2 * * *" }),
    textOf({ schedule: { every: { months: 1, days: 2 } } }),
    textOf({ schedule: events(["2026-01-01", "2026-02-01"]) }),
  ]).toEqual(["@daily", "every 6h", null, "0 2 * * *", "every 1 months 2 days", "2 events"]);
});

test.each<[string, object, RegExp]>([
  ["a bad cron, with field and item", { schedule: "0 25 * * *" }, /hour '25': 25 is out of range 0-23/],
  ["one bad cron of several", { schedule: { cron: ["@daily", "61 * * * *"] } }, /minute '61'/],
  ["an unknown zone", { schedule: { cron: "@daily", timezone: "Mars/Base" } }, /schedule.timezone "Mars\/Base"/],
  ["an unknown zone of the DAG", { timezone: "CEST" }, /timezone "CEST" is no time zone/],
  ["an end before the start", { startDate: "2026-02-01", endDate: "2026-01-01" }, /endDate .* lies before startDate/],
  ["catchup without a start", { schedule: "@daily", catchup: true }, /catchup needs a startDate/],
  ["@continuous with 16 active runs", { schedule: "@continuous" }, /@continuous needs maxActiveRuns 1, not 16/],
  ["a number", { schedule: 5 }, /schedule 5 is not understood/],
  ["an unknown field", { schedule: { cron: "@daily", tz: "UTC" } }, /schedule has no field "tz"/],
  ["a class that does not fit", { schedule: { every: "1h", timetable: "CronTriggerTimetable" } }, /does not fit here/],
  ["a period of nothing", { schedule: { every: "0s" } }, /no duration of at least one second/],
  ["a period that goes back", { schedule: { every: { months: 1, days: -28 } } }, /no duration of at least one second/],
  ["half a month", { schedule: { every: { months: 0.5 } } }, /is no distance/],
  ["a negative interval", { schedule: { every: "1h", interval: { hours: -1 } } }, /is negative/],
  [
    "an interval for the class that has its own",
    { schedule: { cron: "@daily", timetable: "CronDataIntervalTimetable", interval: "1h" } },
    /are for timetables that trigger/,
  ],
  ["a moment that is no duration", { schedule: { cron: "@daily", runImmediately: "soon" } }, /runImmediately "soon"/],
  ["no dates", { schedule: { at: [] } }, /lists no date/],
  ["31 February", { schedule: { at: ["2026-02-31"] } }, /is no date/],
])("refused: %s", (_name, options, message) => {
  // Authors whose editor does not check types write these.
  const written: DagOptions = { ...options };
  expect(() => dag("refused", written, () => {})).toThrow(message);
});

test("a cron that never fires is accepted and has no next run", () => {
  const { spec } = dag("never", { schedule: "0 0 30 2 *", startDate: "2026-01-01" }, () => {});
  expect(nextDagRun(spec, null, Date.UTC(2026, 5, 1))).toBeNull();
});
