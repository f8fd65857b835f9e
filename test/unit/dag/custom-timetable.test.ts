/**
 * @module Timetables written as classes: what their DAG's spec says, and the runs ahead that are asked of them.
 */
import { expect, test } from "vitest";
import { workdays } from "../../../dags/workdays.ts";
import { manualInterval, runsAhead, Timetable } from "../../../src/dag/custom-timetable.ts";
import type { DagRunInfo, DataInterval } from "../../../src/dag/custom-timetable.ts";
import type { TimetableOrder } from "../../../src/model/custom-timetable.ts";

const at = (text: string): number => Date.parse(`2026-${text}T00:00:00Z`);
const day = (run: { readonly logicalDate: number }): string => new Date(run.logicalDate).toISOString().slice(5, 10);

const ORDER: TimetableOrder = {
  dagId: "etl",
  specHash: "h",
  last: null,
  earliest: at("01-01"),
  latest: null,
  catchup: true,
  count: 4,
};

class Scripted extends Timetable {
  readonly #answer: (last: DataInterval | null) => unknown;
  constructor(answer: (last: DataInterval | null) => unknown) {
    super();
    this.#answer = answer;
  }
  override nextDagrunInfo(last: DataInterval | null): DagRunInfo | null {
    return this.#answer(last) as DagRunInfo | null;
  }
}

const { timetable } = workdays.executable;
if (timetable === undefined) throw new Error("the example has no timetable");

test("the spec says that the schedule is the author's, with its summary, and holds no code", () => {
  expect(workdays.spec).toMatchObject({ schedule: { kind: "custom" }, scheduleText: "after each workday" });
});

test("runs come one behind the other: weekends and holidays have none", () => {
  const { runs, ended } = runsAhead(timetable, ORDER);
  expect([runs.map(day), ended]).toEqual([["01-02", "01-05", "01-06", "01-07"], false]);
  const behind = runsAhead(timetable, { ...ORDER, last: runs[1]?.interval ?? null, count: 1 });
  expect(behind.runs).toEqual([runs[2]]);
});

test("the same question has the same answer, split however it is", () => {
  const whole = runsAhead(timetable, { ...ORDER, count: 30 }).runs;
  let last: TimetableOrder["last"] = null;
  const parts = Array.from({ length: 10 }, () => {
    const { runs } = runsAhead(timetable, { ...ORDER, last, count: 3 });
    last = runs.at(-1)?.interval ?? null;
    return runs;
  });
  expect(parts.flat()).toEqual(whole);
});

test("it ends with the DAG's end date, also when the class does not look at it", () => {
  expect(runsAhead(timetable, { ...ORDER, latest: at("01-06") })).toMatchObject({ ended: true });
  const daily = new Scripted((last) => {
    const start = last?.end ?? new Date(at("01-01"));
    const end = new Date(start.getTime() + 86_400_000);
    return { runAfter: end, dataInterval: { start, end } };
  });
  const { runs, ended } = runsAhead(daily, { ...ORDER, latest: at("01-02") });
  expect([runs.map(day), ended]).toEqual([["01-01", "01-02"], true]);
});

test("a run by hand gets the interval that the class infers; the default is of no length", () => {
  const monday = at("01-05") + 3_600_000;
  expect(manualInterval(timetable, "workdays", monday)).toEqual({ start: at("01-02"), end: at("01-03") });
  expect(manualInterval(new Scripted(() => null), "etl", monday)).toEqual({ start: monday, end: monday });
});

const date = new Date(at("01-01"));
test.each([
  [
    "stands still",
    () => ({ runAfter: date, dataInterval: { start: date, end: date } }),
    /comes a run that is not later/,
  ],
  ["answers no date", () => ({ runAfter: new Date("x"), dataInterval: { start: date, end: date } }), /no date/],
  [
    "turns an interval around",
    () => ({ runAfter: date, dataInterval: { start: new Date(at("01-02")), end: date } }),
    /ends before it begins/,
  ],
  [
    "throws",
    () => {
      throw new Error("no calendar");
    },
    /no calendar/,
  ],
])("a timetable that %s is refused", (_, answer, why) => {
  expect(() => runsAhead(new Scripted(answer), ORDER)).toThrow(why);
});
