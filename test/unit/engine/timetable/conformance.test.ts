/**
 * @module Every row of Airflow's own answers (`cron-timetables.json`) that a `ScheduleSpec` can express: schedules without the `interval` and
 * `run_immediately` arguments of the timetable classes and without month deltas.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { isoTimestamp } from "../../../../src/lib/time-zone.ts";
import type { DataInterval } from "../../../../src/engine/timetable/base.ts";
import { parseCron } from "../../../../src/engine/timetable/cron-expression.ts";
import { timetableOf } from "../../../../src/engine/timetable/next-dag-run.ts";
import type { ScheduleSpec } from "../../../../src/model/dag-spec.ts";

interface Dates {
  readonly data_interval_start: string;
  readonly data_interval_end: string;
  readonly logical_date: string;
  readonly run_after: string;
}

interface Row {
  readonly id: string;
  readonly kind: string;
  readonly schedule: unknown;
  readonly timezone: string;
  readonly start: string | null;
  readonly end?: string;
  readonly now?: string;
  readonly nows?: readonly string[];
  readonly last?: Dates;
  readonly catchup: boolean;
  readonly error?: string;
  readonly expected: readonly (Dates | null)[];
}

interface ManualRow {
  readonly kind: string;
  readonly schedule: unknown;
  readonly timezone: string;
  readonly run_after: string;
  readonly expected: Pick<Dates, "data_interval_start" | "data_interval_end">;
}

interface Data {
  readonly cases: readonly Row[];
  readonly manual: readonly ManualRow[];
  readonly expressions: readonly { readonly expression: string; readonly string: string }[];
}

const folder = process.env["CONFORMANCE_DIR"] ?? join(import.meta.dirname, "../../../conformance/data");
const data: Data = JSON.parse(readFileSync(join(folder, "cron-timetables.json"), "utf8"));
/** `now` of the rows that do not say it. */
const DEFAULT_NOW = "2026-11-22T15:00:00Z";
const ARGUMENTS = ["interval", "run_immediately", "restrict_to_events"];

function scheduleOf({
  kind,
  schedule,
  timezone,
}: Pick<Row, "kind" | "schedule" | "timezone">): ScheduleSpec | undefined {
  const crons = (Array.isArray(schedule) ? schedule : [schedule]).map(String);
  switch (kind) {
    case "CronTriggerTimetable":
    case "MultipleCronTriggerTimetable":
      return { kind: "cron-trigger", crons, timezone };
    case "CronDataIntervalTimetable":
      return { kind: "cron-data-interval", cron: String(schedule), timezone };
    case "DeltaTriggerTimetable":
      return typeof schedule === "number" ? { kind: "delta-trigger", everyMs: schedule * 1000 } : undefined;
    case "DeltaDataIntervalTimetable":
      return typeof schedule === "number" ? { kind: "delta-data-interval", everyMs: schedule * 1000 } : undefined;
    case "EventsTimetable":
      return { kind: "events", at: (Array.isArray(schedule) ? schedule : []).map((at) => Date.parse(String(at))) };
    case "string":
      if (schedule === null) return { kind: "none" };
      if (schedule === "@once") return { kind: "once" };
      if (schedule === "@continuous") return { kind: "continuous" };
      return { kind: "cron-trigger", crons, timezone };
    default:
      return undefined;
  }
}

const ms = (text: string | null | undefined): number | null =>
  text === null || text === undefined ? null : Date.parse(text);
const iso = (at: number): string => isoTimestamp(at).replace("+00:00", "Z");

function expressible(row: Pick<Row, "kind" | "schedule" | "timezone">): boolean {
  return scheduleOf(row) !== undefined && !ARGUMENTS.some((name) => name in row);
}

describe("next runs", () => {
  test.each(data.cases.filter(expressible).map((row) => [row.id, row] as const))("%s", (_id, row) => {
    const timetable = timetableOf(scheduleOf(row) ?? { kind: "none" });
    let last: DataInterval | null =
      row.last === undefined
        ? null
        : { start: Date.parse(row.last.data_interval_start), end: Date.parse(row.last.data_interval_end) };
    const answers = row.expected.map((_, i) => {
      const now = Date.parse(row.nows?.[i] ?? row.now ?? DEFAULT_NOW);
      const restriction = { earliest: ms(row.start), latest: ms(row.end), catchup: row.catchup, now };
      const info = timetable.nextDagRun(last, restriction);
      last = info?.interval ?? last;
      return info === null
        ? null
        : {
            data_interval_start: iso(info.interval.start),
            data_interval_end: iso(info.interval.end),
            logical_date: iso(info.logicalDate),
            run_after: iso(info.runAfter),
          };
    });
    expect(answers).toEqual(row.expected);
  });
});

describe("interval of a manual run", () => {
  const rows = data.manual.filter(expressible);
  test.each(rows.map((row) => [row.kind, String(row.schedule), row.timezone, row.run_after, row] as const))(
    "%s %s %s at %s",
    (_kind, _schedule, _zone, _at, row) => {
      const timetable = timetableOf(scheduleOf(row) ?? { kind: "none" });
      const interval = timetable.inferManualInterval(Date.parse(row.run_after));
      expect({ data_interval_start: iso(interval.start), data_interval_end: iso(interval.end) }).toEqual(row.expected);
    },
  );
});

describe("expressions", () => {
  test.each(data.expressions)("'$expression': $string", ({ expression, string }) => {
    if (string === "accepted") expect(parseCron(expression).text).toBe(expression);
    else expect(() => parseCron(expression)).toThrow(/is not valid/);
  });
});
