/**
 * @module The next runs of schedules around clock changes, as people read them.
 */
import { describe, expect, test } from "vitest";
import { previewRuns } from "../../../../src/engine/timetable/preview.ts";
import type { ScheduleSpec } from "../../../../src/model/dag-spec.ts";

const NEW_YORK = "America/New_York";

function preview(schedule: ScheduleSpec, from: string, count = 3, over: object = {}): string[] {
  const dag = { schedule, startDate: null, endDate: null, catchup: false, timezone: "UTC", ...over };
  const now = Date.parse(from);
  return previewRuns(dag, { start: now, end: now }, now, count).map(({ runAfter, wall, offsetMs, mark }) => {
    const text = (at: number): string => new Date(at).toISOString().slice(5, 16);
    return `${text(runAfter)} = ${text(wall)} ${offsetMs / 3_600_000} ${mark ?? "-"}`;
  });
}

const cron = (expression: string, timezone = NEW_YORK): ScheduleSpec => ({
  kind: "cron-trigger",
  crons: [expression],
  timezone,
});

describe("New York 2026", () => {
  test("a fixed time that the clocks skip is moved", () => {
    expect(preview(cron("30 2 * * *"), "2026-03-07T08:00:00Z")).toEqual([
      "03-08T07:30 = 03-08T03:30 -4 moved",
      "03-09T06:30 = 03-09T02:30 -4 -",
      "03-10T06:30 = 03-10T02:30 -4 -",
    ]);
  });

  test("of a schedule of every hour the skipped time has no run of its own", () => {
    expect(preview(cron("30 * * * *"), "2026-03-08T05:45:00Z")).toEqual([
      "03-08T06:30 = 03-08T01:30 -5 -",
      "03-08T07:30 = 03-08T03:30 -4 skipped",
      "03-08T08:30 = 03-08T04:30 -4 -",
    ]);
  });

  test("every hour comes twice when the clocks go back", () => {
    expect(preview(cron("30 * * * *"), "2026-11-01T04:45:00Z")).toEqual([
      "11-01T05:30 = 11-01T01:30 -4 repeated",
      "11-01T06:30 = 11-01T01:30 -5 repeated",
      "11-01T07:30 = 11-01T02:30 -5 -",
    ]);
  });

  test("a fixed time that comes twice has one run, at its second pass", () => {
    expect(preview(cron("30 1 * * *"), "2026-10-31T12:00:00Z", 2)).toEqual([
      "11-01T06:30 = 11-01T01:30 -5 repeated",
      "11-02T06:30 = 11-02T01:30 -5 -",
    ]);
  });

  test("runs over intervals are marked by when they are made", () => {
    const schedule = { kind: "cron-data-interval", cron: "30 2 * * *", timezone: NEW_YORK } as const;
    expect(preview(schedule, "2026-03-06T08:00:00Z", 2)).toEqual([
      "03-08T07:30 = 03-08T03:30 -4 moved",
      "03-09T06:30 = 03-09T02:30 -4 -",
    ]);
  });

  test("a weekly schedule is not marked by a change that none of its times fall into", () => {
    expect(preview(cron("0 12 * * 1"), "2026-03-03T00:00:00Z", 2)).toEqual([
      "03-09T16:00 = 03-09T12:00 -4 -",
      "03-16T16:00 = 03-16T12:00 -4 -",
    ]);
  });
});

describe("other zones", () => {
  test("Lord Howe skips half an hour: a time in it moves by half an hour", () => {
    expect(preview(cron("15 2 * * *", "Australia/Lord_Howe"), "2026-10-03T00:00:00Z", 2)).toEqual([
      "10-03T15:45 = 10-04T02:45 11 moved",
      "10-04T15:15 = 10-05T02:15 11 -",
    ]);
  });

  test("Lord Howe repeats half an hour", () => {
    expect(preview(cron("45 1 * * *", "Australia/Lord_Howe"), "2026-04-04T00:00:00Z", 2)).toEqual([
      "04-04T15:15 = 04-05T01:45 10.5 repeated",
      "04-05T15:15 = 04-06T01:45 10.5 -",
    ]);
  });

  test("Sao Paulo skipped midnight in 2018: the day's run moves to one o'clock", () => {
    expect(preview(cron("0 0 * * *", "America/Sao_Paulo"), "2018-11-03T12:00:00Z", 2)).toEqual([
      "11-04T03:00 = 11-04T01:00 -2 moved",
      "11-05T02:00 = 11-05T00:00 -2 -",
    ]);
  });
});

describe("every kind of schedule", () => {
  test("distances, events and ends give as many runs as there are, unmarked", () => {
    expect(preview({ kind: "delta-trigger", everyMs: 3_600_000 }, "2026-01-01T00:00:00Z", 2)).toHaveLength(2);
    const at = ["2026-01-02T00:00:00Z", "2026-01-03T00:00:00Z"].map((text) => Date.parse(text));
    expect(preview({ kind: "events", at }, "2026-01-01T00:00:00Z", 5)).toHaveLength(2);
    const endDate = Date.parse("2026-01-02T12:00:00Z");
    expect(preview(cron("0 0 * * *", "UTC"), "2026-01-01T00:00:00Z", 5, { endDate })).toHaveLength(1);
    expect(preview({ kind: "none" }, "2026-01-01T00:00:00Z")).toEqual([]);
    expect(preview(cron("0 0 30 2 *"), "2026-01-01T00:00:00Z")).toEqual([]);
  });

  test("once and continuous show the one that can be known", () => {
    const now = Date.parse("2026-01-01T00:00:00Z");
    const dag = { startDate: null, endDate: null, catchup: false, timezone: "UTC" };
    expect(previewRuns({ ...dag, schedule: { kind: "once" } }, null, now, 5)).toHaveLength(1);
    expect(previewRuns({ ...dag, schedule: { kind: "continuous" } }, null, now, 5)).toHaveLength(1);
  });
});
