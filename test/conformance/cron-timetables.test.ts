/**
 * @module Every timetable against Airflow's own answers: next runs, intervals of manual runs, which class a value means, expressions.
 */
import { describe, it } from "vitest";
import { readRows, reportRows } from "./conformance-data.ts";
import type { RowResult } from "./conformance-data.ts";
import type { CaseRow, Dates, ManualRow } from "./timetable-rows.ts";
import { scheduleOf } from "./timetable-rows.ts";
import { isoTimestamp } from "../../src/lib/time-zone.ts";
import { nextDagRun, timetableOf } from "../../src/engine/timetable/next-dag-run.ts";
import type { DagRunInfo, DataInterval } from "../../src/engine/timetable/base.ts";
import type { ClassRow } from "./timetable-class.ts";
import { checkClass } from "./timetable-class.ts";
import { scheduleSpec } from "../../src/dag/schedule.ts";
import type { Schedule } from "../../src/dag/schedule.ts";

/** By where the expression is written: `accepted`, or Airflow's error. */
interface ExpressionRow {
  readonly expression: string;
  readonly string: string;
  readonly CronTriggerTimetable?: string;
  readonly CronDataIntervalTimetable?: string;
  /** The first fires from {@link EXPRESSION_START} on. */
  readonly next?: readonly string[];
  readonly next_error?: string;
}
interface Data {
  readonly cases: readonly CaseRow[];
  readonly manual: readonly ManualRow[];
  readonly default_class: readonly ClassRow[];
  readonly expressions: readonly ExpressionRow[];
}

/** `now` of the rows that do not say it. */
const DEFAULT_NOW = "2026-11-22T15:00:00Z";
const EXPRESSION_START = "2025-01-01T00:00:00Z";
/** A value that Airflow draws anew each time it is asked. */
const RANDOM_FIELD = /(^|\s)r(\(|\/|\s|$)/i;
/** Runs asked for where Airflow stopped with an error. */
const RUNS_AFTER_ERROR = 8;

const data = readRows("cron-timetables.json") as Data;
const at = (text: string): number => Date.parse(text);
const atOrNull = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : at(text);
const iso = (instant: number): string => isoTimestamp(instant).replace("+00:00", "Z");
const shownInterval = (interval: DataInterval) => ({
  data_interval_start: iso(interval.start),
  data_interval_end: iso(interval.end),
});
const shownRun = (info: DagRunInfo): Dates => ({
  ...shownInterval(info.interval),
  logical_date: iso(info.logicalDate),
  run_after: iso(info.runAfter),
});

/** Instants compared as such: the data writes fractions of a second in another length. */
const normal = (dates: Readonly<Partial<Dates>> | null): string =>
  dates === null
    ? "null"
    : JSON.stringify(
        Object.entries(dates)
          .map(([name, text]) => [name, at(text)])
          .toSorted(),
      );

function runsOf(row: CaseRow, count: number): (DagRunInfo | null)[] {
  let last: DataInterval | null =
    row.last === undefined ? null : { start: at(row.last.data_interval_start), end: at(row.last.data_interval_end) };
  return Array.from({ length: count }, (_, i) => {
    const dag = {
      schedule: scheduleOf(row),
      startDate: atOrNull(row.start),
      endDate: atOrNull(row.end),
      catchup: row.catchup,
    };
    const info = nextDagRun(dag, last, at(row.nows?.[i] ?? row.now ?? DEFAULT_NOW));
    last = info?.interval ?? last;
    return info;
  });
}

function checkCase(row: CaseRow): RowResult {
  const { id, expected, error } = row;
  const runs = runsOf(row, error === undefined ? expected.length : Math.max(expected.length, RUNS_AFTER_ERROR));
  const ours = runs.map((info) => (info === null ? null : shownRun(info)));
  const wrong = expected.findIndex((dates, i) => normal(dates) !== normal(ours[i] ?? null));
  if (error !== undefined) {
    // Airflow's timetable stops here. What it gave until then need not be right either; ours must go on, or end, in order.
    const sensible = isInOrder(runs);
    return {
      id,
      problem: sensible ? null : "runs are out of order",
      remark: `Airflow stops (${error}); ours ${told(ours)}`,
    };
  }
  if (wrong < 0) return { id, problem: null };
  return { id, problem: `run ${wrong + 1} is ${JSON.stringify(ours[wrong])}, not ${JSON.stringify(expected[wrong])}` };
}

/** Each run is later than the one before, by its date and by its time, and after an end there is no further one. */
function isInOrder(runs: readonly (DagRunInfo | null)[]): boolean {
  return runs.every((info, i) => {
    const before = runs[i - 1];
    if (before === undefined || info === null) return true;
    return before !== null && info.runAfter > before.runAfter && info.logicalDate > before.logicalDate;
  });
}

function told(ours: readonly (Dates | null)[]): string {
  const [first, second] = ours;
  if (first === null || first === undefined) return "have no next run";
  return `go on: ${first.run_after}, ${second?.run_after ?? "none"}, ...`;
}

function checkManual(row: ManualRow): RowResult {
  const { interval: _interval, ...shown } = { ...row, expected: undefined };
  const id = `manual ${JSON.stringify(row.interval === undefined ? shown : { ...shown, interval: row.interval })}`;
  const ours = shownInterval(timetableOf(scheduleOf(row)).inferManualInterval(at(row.run_after)));
  if (row.error !== undefined)
    return { id, problem: null, remark: `Airflow stops (${row.error}); ours ${JSON.stringify(ours)}` };
  const same = normal(ours) === normal(row.expected);
  return { id, problem: same ? null : `${JSON.stringify(ours)}, not ${JSON.stringify(row.expected)}` };
}

function checkExpression({ expression, next, next_error: nextError, ...written }: ExpressionRow): RowResult {
  const id = `expression '${expression}'`;
  const cron = expression;
  const schedules: Readonly<Record<string, Schedule>> = {
    string: expression,
    CronTriggerTimetable: { cron, timetable: "CronTriggerTimetable" },
    CronDataIntervalTimetable: { cron, timetable: "CronDataIntervalTimetable" },
  };
  const problems = Object.entries(schedules).flatMap(([where, schedule]) => {
    const verdict = Object.entries(written).find(([name]) => name === where)?.[1];
    const refusal = refusalOf(schedule);
    const same = verdict === undefined || (refusal === null) === (verdict === "accepted");
    return same ? [] : [`${where}: ${refusal ?? "accepted"}; Airflow: ${verdict}`];
  });
  const result = { id, problem: problems.length === 0 ? null : problems.join("; ") };
  if (next === undefined || result.problem !== null) return result;
  const fires = firesOf(expression, Math.max(next.length, 1));
  if (nextError !== undefined)
    return {
      ...result,
      remark: `Airflow stops (${nextError}); ours ${fires.length === 0 ? "have no next run" : fires.join()}`,
    };
  if (RANDOM_FIELD.test(expression))
    return { ...result, remark: `drawn: Airflow ${next.join()}; ours ${fires.join()}` };
  const same = next.length === fires.length && next.every((fire, i) => at(fire) === at(fires[i] ?? ""));
  return { id, problem: same ? null : `fires at ${fires.join()}, not ${next.join()}` };
}

function firesOf(schedule: string, count: number): string[] {
  const row = {
    id: "",
    kind: "string",
    schedule,
    timezone: "UTC",
    start: EXPRESSION_START,
    catchup: true,
    expected: [],
  };
  return runsOf(row, count).flatMap((info) => (info === null ? [] : [iso(info.runAfter)]));
}

function refusalOf(schedule: Schedule): string | null {
  try {
    scheduleSpec({}, { schedule }, "UTC");
    return null;
  } catch (thrown) {
    return String(thrown);
  }
}

describe("cron-timetables.json", () => {
  it("next runs are Airflow's", () => {
    reportRows(
      "cron-timetables.json cases",
      data.cases.map((row) => ({ id: row.id, check: () => checkCase(row) })),
    );
  });

  it("the interval of a manual run is Airflow's", () => {
    const rows = data.manual.map((row, i) => ({ id: `manual[${i}]`, check: () => checkManual(row) }));
    reportRows("cron-timetables.json manual", rows);
  });

  it("a value means the same class of timetable", () => {
    const rows = data.default_class.map((row) => ({ id: row.schedule, check: () => checkClass(row) }));
    reportRows("cron-timetables.json default_class", rows);
  });

  it("an expression is accepted or refused as in Airflow", () => {
    const rows = data.expressions.map((row) => ({ id: row.expression, check: () => checkExpression(row) }));
    reportRows("cron-timetables.json expressions", rows);
  });
});
