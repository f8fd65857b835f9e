/**
 * @module A DAG's next run: start and end dates, catchup, gaps.
 */
import { expect, test } from "vitest";
import { nextDagRun } from "../../../../src/engine/timetable/next-dag-run.ts";
import type { Scheduled } from "../../../../src/engine/timetable/next-dag-run.ts";

const at = (text: string): number => Date.parse(`2026-01-${text}Z`);
const DAILY: Scheduled = {
  schedule: { kind: "cron-data-interval", cron: "0 2 * * *", timezone: "UTC" },
  startDate: at("01T00:00:00"),
  endDate: null,
  catchup: false,
};
const TRIGGER: Scheduled = { ...DAILY, schedule: { kind: "cron-trigger", crons: ["0 2 * * *"], timezone: "UTC" } };

test("interval cron, first seen after its start: the newest whole interval at once", () => {
  expect(nextDagRun(DAILY, null, at("02T10:00:00"))).toMatchObject({
    logicalDate: at("01T02:00:00"),
    runAfter: at("02T02:00:00"),
  });
});

test("plain cron, first seen after its start: the newest fire at once; without a start date the next one", () => {
  expect(nextDagRun(TRIGGER, null, at("02T10:00:00"))?.logicalDate).toBe(at("02T02:00:00"));
  expect(nextDagRun({ ...TRIGGER, startDate: null }, null, at("02T10:00:00"))?.runAfter).toBe(at("03T02:00:00"));
});

test("with catchup the oldest comes first, and the end date is inclusive", () => {
  const dag = { ...TRIGGER, catchup: true, endDate: at("02T02:00:00") };
  const first = nextDagRun(dag, null, at("10T00:00:00"));
  const second = nextDagRun(dag, first?.interval ?? null, at("10T00:00:00"));
  expect([first?.runAfter, second?.runAfter]).toEqual([at("01T02:00:00"), at("02T02:00:00")]);
  expect(nextDagRun(dag, second?.interval ?? null, at("10T00:00:00"))).toBeNull();
});

test("a moving start date makes no run of its own", () => {
  const dag = { ...DAILY, startDate: { daysAgo: 1 }, catchup: true };
  const first = nextDagRun(dag, null, at("05T10:00:00"));
  expect(first?.logicalDate).toBe(at("04T02:00:00"));
  const next = nextDagRun(dag, first?.interval ?? null, at("05T23:00:00"));
  expect(next?.logicalDate).toBe(at("05T02:00:00"));
});

test.each([{ kind: "none" }, { kind: "assets", uris: ["a"] }] as const)("$kind: never by the clock", (schedule) => {
  expect(nextDagRun({ ...DAILY, schedule }, null, at("05T00:00:00"))).toBeNull();
});

test("clock changes of half an hour never stop or repeat an interval", () => {
  const dag: Scheduled = {
    ...DAILY,
    schedule: { kind: "cron-data-interval", cron: "0 * * * *", timezone: "Australia/Lord_Howe" },
  };
  const from = Date.parse("2025-10-04T12:00:00Z");
  let last = { start: from - 3_600_000, end: from - 1_800_000 };
  for (let i = 0; i < 12; i++) {
    const info = nextDagRun({ ...dag, catchup: true }, last, from);
    expect(info?.interval.start).toBeGreaterThan(last.start);
    if (info !== null) last = info.interval;
  }
});
