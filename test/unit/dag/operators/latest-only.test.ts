/**
 * @module Which runs `latestOnly` lets through.
 */
import { expect, test } from "vitest";
import { isLatest } from "../../../../src/dag/operators/latest-only.ts";
import { dag } from "../../../../src/index.ts";
import { testContext } from "../../../../src/testing.ts";
import type { DagOptions } from "../../../../src/index.ts";

const at = (text: string) => new Date(`2026-01-${text}:00Z`);
const scheduleOf = (options: DagOptions) => dag("latest", options, () => {}).spec;
const runOf = (start: Date, end: Date, runType: "scheduled" | "manual" | "backfill" = "scheduled") =>
  testContext({ dagRun: { runType, dataInterval: { start, end } } });

test.each<[string, DagOptions, Date, Date, Date, boolean]>([
  ["the newest interval", { scheduleInterval: "0 2 * * *" }, at("01T02:00"), at("02T02:00"), at("03T01:59"), true],
  ["an older interval", { scheduleInterval: "0 2 * * *" }, at("01T02:00"), at("02T02:00"), at("03T02:00"), false],
  ["the newest fire", { schedule: "0 2 * * *" }, at("02T02:00"), at("02T02:00"), at("03T01:59"), true],
  ["an older fire", { schedule: "0 2 * * *" }, at("02T02:00"), at("02T02:00"), at("05T00:00"), false],
  ["an older period", { schedule: { every: "1h" } }, at("02T02:00"), at("02T02:00"), at("02T03:30"), false],
  ["a DAG without a schedule", {}, at("02T02:00"), at("02T02:00"), at("09T00:00"), true],
  [
    "a DAG that has ended",
    { schedule: "0 2 * * *", endDate: "2026-01-02T02:00" },
    at("02T02:00"),
    at("02T02:00"),
    at("05T00:00"),
    false,
  ],
])("%s", (_name, options, start, end, now, latest) => {
  expect(isLatest(scheduleOf(options), runOf(start, end), now.getTime())).toBe(latest);
});

test("manual runs and backfills always go on", () => {
  const late = at("30T00:00").getTime();
  for (const runType of ["manual", "backfill"] as const) {
    expect(isLatest(scheduleOf({ schedule: "@daily" }), runOf(at("01T00:00"), at("01T00:00"), runType), late)).toBe(
      true,
    );
  }
});
