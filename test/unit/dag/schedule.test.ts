/**
 * @module What the spellings of a schedule mean.
 */
import { afterEach, expect, test } from "vitest";
import { asset, dag, defineConfig } from "../../../src/index.ts";
import type { DagOptions } from "../../../src/index.ts";

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
  ["assets", { schedule: [asset("r2://a"), asset("r2://b")] }, { kind: "assets", uris: ["r2://a", "r2://b"] }],
])("%s", (_name, options, expected) => {
  expect(scheduleOf(options)).toEqual(expected);
});

test("the project switch makes every cron cover the interval before, unless the class is named", () => {
  defineConfig({ createCronDataIntervals: true });
  expect(scheduleOf({ schedule: "@daily" })).toEqual(interval("@daily"));
  expect(scheduleOf({ schedule: { every: "1h" } })).toEqual({ kind: "delta-data-interval", everyMs: 3_600_000 });
  expect(scheduleOf({ schedule: { cron: "@daily", timetable: "CronTriggerTimetable" } })).toEqual(trigger("@daily"));
});

test("the text is what the author wrote", () => {
  const textOf = (options: DagOptions) => dag("scheduled", options, () => {}).spec.scheduleText;
  expect([
    textOf({ schedule: "@daily" }),
    textOf({ schedule: { every: "6h" } }),
    textOf({}),
    textOf({ scheduleInterval: "0 2 * * *" }),
  ]).toEqual(["@daily", "every 6h", null, "0 2 * * *"]);
});
