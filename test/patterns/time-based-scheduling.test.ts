/**
 * @module Pattern "Time-Based Scheduling": what each written schedule means.
 */
import { expect, test } from "vitest";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import { schedules } from "../../dags/schedules.ts";
import { testDag } from "airflare/testing";

/** A Wednesday. */
const NOW = Date.parse("2026-01-07T10:30:00Z");

test.each([
  ["schedule_daily", "0 2 * * *", "2026-01-06T02:00:00Z", "2026-01-07T02:00:00Z"],
  ["schedule_hourly", "0 * * * *", "2026-01-07T09:00:00Z", "2026-01-07T10:00:00Z"],
  ["schedule_weekly", "0 2 * * 1", "2025-12-29T02:00:00Z", "2026-01-05T02:00:00Z"],
  ["schedule_monthly", "0 2 1 * *", "2025-12-01T02:00:00Z", "2026-01-01T02:00:00Z"],
  ["schedule_every_six_hours", "every 6h", "2026-01-07T00:00:00Z", "2026-01-07T06:00:00Z"],
  ["schedule_data_interval", "0 2 * * *", "2026-01-06T02:00:00Z", "2026-01-07T02:00:00Z"],
  ["schedule_preset_daily", "@daily", "2026-01-06T00:00:00Z", "2026-01-07T00:00:00Z"],
  ["schedule_preset_hourly", "@hourly", "2026-01-07T09:00:00Z", "2026-01-07T10:00:00Z"],
  ["schedule_preset_weekly", "@weekly", "2025-12-28T00:00:00Z", "2026-01-04T00:00:00Z"],
])("%s (%s): the first run covers the last full interval", (dagId, text, start, end) => {
  const example = schedules.find(({ id }) => id === dagId);
  expect(example?.spec.scheduleText).toBe(text);
  const run = example === undefined ? null : nextDagRun(example.spec, null, NOW);
  expect(new Date(run?.runAfter ?? 0)).toEqual(new Date(end));
  expect(new Date(run?.logicalDate ?? 0)).toEqual(new Date(start));
});

test("a scheduled task works on its run's data interval", async () => {
  const [daily] = schedules;
  if (daily === undefined) throw new Error("no schedule");
  const dataInterval = { start: new Date("2026-01-06T02:00:00Z"), end: new Date("2026-01-07T02:00:00Z") };
  const run = await testDag(daily, { logicalDate: dataInterval.start, dataInterval });
  expect(run.tasks["cover_interval"]?.result).toEqual({ from: dataInterval.start, to: dataInterval.end, hours: 24 });
});
