/**
 * @module Schedules over every clock change of every zone from 2020 to 2030: as a slow judge says, in order, no slot twice, none missed.
 */
import { describe, expect, test } from "vitest";
import * as fc from "fast-check";
import { clockChanges, cronText, nextFire } from "./cron-oracle.ts";
import type { ClockChange, PlainCron } from "./cron-oracle.ts";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import type { DataInterval } from "../../src/engine/timetable/base.ts";
import type { ScheduleSpec } from "../../src/model/dag-spec.ts";

const HOUR = 3_600_000;
const DAY = 24 * HOUR;
const CHANGES = clockChanges(Date.UTC(2020, 0, 1), Date.UTC(2031, 0, 1));
const WORDS = { timeout: 120_000 };

const name = (change: ClockChange): string => `${change.timeZone} at ${new Date(change.at).toISOString()}`;
const trigger = (cron: PlainCron, timezone: string): ScheduleSpec => ({
  kind: "cron-trigger",
  crons: [cronText(cron)],
  timezone,
});

/** Runs that catchup makes from `from` until `to`. */
function runsBetween(schedule: ScheduleSpec, from: number, to: number): DataInterval[] {
  const dag = { schedule, startDate: from, endDate: null, catchup: true };
  const runs: DataInterval[] = [];
  let last: DataInterval | null = null;
  for (;;) {
    const info = nextDagRun(dag, last, to);
    if (info === null || info.runAfter > to) return runs;
    last = info.interval;
    runs.push(last);
  }
}

const isIncreasing = (instants: readonly number[]): boolean =>
  instants.every((at, i) => i === 0 || at > (instants[i - 1] ?? at));

/** Fires as the judge says, after the first one, until `to`. */
function judged(change: ClockChange, cron: PlainCron, first: number, to: number): number[] {
  const fires = [first];
  for (let at = nextFire(change, cron, first); at <= to; at = nextFire(change, cron, at)) fires.push(at);
  return fires;
}

describe(`all ${CHANGES.length} clock changes of 2020 to 2030`, () => {
  test("there are some in each year, of an hour, of half an hour and of two", () => {
    expect(new Set(CHANGES.map(({ at }) => new Date(at).getUTCFullYear())).size).toBe(11);
    const sizes = new Set(CHANGES.map(({ before, after }) => Math.abs(after - before) / HOUR));
    expect([0.5, 1, 2].every((size) => sizes.has(size))).toBe(true);
  });

  test.each<[string, PlainCron]>([
    ["half past each hour", { minutes: [30], hours: null, weekdays: null }],
    ["every two hours", { minutes: [0], hours: [0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22], weekdays: null }],
    ["in the hours around midnight", { minutes: [0, 45], hours: [0, 1, 2, 3, 22, 23], weekdays: null }],
  ])("%s: as the judge says", WORDS, (_name, cron) => {
    const wrong = CHANGES.filter((change) => {
      const [from, to] = [change.at - 8 * HOUR, change.at + 8 * HOUR];
      const fires = runsBetween(trigger(cron, change.timeZone), from, to).map(({ end }) => end);
      const [first] = fires;
      if (first === undefined) return true;
      return !isIncreasing(fires) || fires.join() !== judged(change, cron, first, to).join();
    });
    expect(wrong.map(name)).toEqual([]);
  });

  test("a fixed time fires once on each day of the calendar, whatever the clock does", WORDS, () => {
    const days = (change: ClockChange, hour: number): number[] => {
      const cron = { minutes: [30], hours: [hour], weekdays: null };
      return runsBetween(trigger(cron, change.timeZone), change.at - 2 * DAY, change.at + 2 * DAY).map(
        ({ end }) => end,
      );
    };
    const wrong = CHANGES.filter((change) => {
      // The hour before and the hour behind the change, as the clock showed it before: one of them is skipped or shown twice.
      const hour = new Date(change.at + change.before).getUTCHours();
      return [hour, (hour + 23) % 24].some((fixed) => {
        const fires = days(change, fixed);
        const gaps = fires.slice(1).map((at, i) => at - (fires[i] ?? at));
        return fires.length < 3 || gaps.some((gap) => Math.abs(gap - DAY) > Math.abs(change.after - change.before));
      });
    });
    expect(wrong.map(name)).toEqual([]);
  });

  test("data intervals follow each other without a gap or an overlap", WORDS, () => {
    const wrong = CHANGES.filter(({ timeZone, at, before, after }) => {
      const intervals = (cron: string, days: number): DataInterval[] =>
        runsBetween({ kind: "cron-data-interval", cron, timezone: timeZone }, at - days * DAY, at + days * DAY);
      // Over any other change than of an hour (Lord Howe, Troll, Casey) Airflow's own intervals overlap or stop; there the dates still differ.
      const mayOverlap = Math.abs(after - before) !== HOUR;
      return [intervals("0 * * * *", 0.25), intervals("30 1,2 * * *", 2)].some((list) => {
        const follows = list.every(({ start }, i) => i === 0 || start === list[i - 1]?.end);
        return list.length < 3 || !isIncreasing(list.map(({ start }) => start)) || !(follows || mayOverlap);
      });
    });
    expect(wrong.map(name)).toEqual([]);
  });
});

const values = (max: number): fc.Arbitrary<readonly number[]> =>
  fc.uniqueArray(fc.integer({ min: 0, max }), { minLength: 1, maxLength: 4 });

test("any cron over any change fires as the judge says, in order", WORDS, () => {
  const cron = fc.record({
    minutes: values(59),
    hours: fc.option(values(23)),
    weekdays: fc.option(
      values(6).filter((days) => days.length < 4),
      { freq: 3 },
    ),
  });
  const property = fc.property(
    cron,
    fc.nat(CHANGES.length - 1),
    fc.integer({ min: 0, max: 40 }),
    (given, which, hours) => {
      const change = CHANGES[which];
      if (change === undefined) return false;
      const [from, to] = [change.at - hours * HOUR, change.at + 60 * HOUR];
      const fires = runsBetween(trigger(given, change.timeZone), from, to).map(({ end }) => end);
      const [first] = fires;
      return first === undefined || (isIncreasing(fires) && fires.join() === judged(change, given, first, to).join());
    },
  );
  fc.assert(property, { numRuns: 500 });
});
