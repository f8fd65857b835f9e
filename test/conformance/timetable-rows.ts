/**
 * @module The rows of `cron-timetables.json`: their form, and the schedule that each one means.
 */
import type { DeltaSpec, ScheduleSpec } from "../../src/model/dag-spec.ts";

export interface Dates {
  readonly data_interval_start: string;
  readonly data_interval_end: string;
  readonly logical_date: string;
  readonly run_after: string;
}

/** Seconds, or the fields of a `relativedelta`. */
type Distance = number | Readonly<Record<string, number>>;

/** A timetable as its class and arguments. */
export interface TimetableRow {
  readonly kind: string;
  readonly schedule: unknown;
  readonly timezone: string;
  readonly interval?: Distance;
  readonly run_immediately?: boolean | number | null;
  readonly restrict_to_events?: boolean;
}

export interface CaseRow extends TimetableRow {
  readonly id: string;
  readonly start: string | null;
  readonly end?: string;
  readonly now?: string;
  readonly nows?: readonly string[];
  readonly last?: Dates;
  readonly catchup: boolean;
  /** Airflow raised this after the results listed. */
  readonly error?: string;
  readonly expected: readonly (Dates | null)[];
}

export interface ManualRow extends TimetableRow {
  readonly run_after: string;
  readonly expected: Pick<Dates, "data_interval_start" | "data_interval_end">;
  readonly error?: string;
}

const MONTHS: Readonly<Record<string, number>> = { years: 12, months: 1 };
const MS: Readonly<Record<string, number>> = {
  weeks: 604_800_000,
  days: 86_400_000,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1_000,
};

export function deltaOf(distance: Distance): DeltaSpec {
  if (typeof distance === "number") return { months: 0, ms: distance * 1000 };
  const sum = (units: Readonly<Record<string, number>>): number =>
    Object.entries(distance).reduce((total, [name, count]) => total + count * (units[name] ?? 0), 0);
  return { months: sum(MONTHS), ms: sum(MS) };
}

/** Throws for a kind that is not known here. */
export function scheduleOf(row: TimetableRow): ScheduleSpec {
  const { kind, schedule, timezone } = row;
  const crons = (Array.isArray(schedule) ? schedule : [schedule]).map(String);
  const interval = row.interval === undefined ? {} : { interval: deltaOf(row.interval) };
  switch (kind) {
    case "CronTriggerTimetable":
    case "MultipleCronTriggerTimetable":
      return { kind: "cron-trigger", crons, timezone, ...interval, ...runImmediately(row) };
    case "CronDataIntervalTimetable":
      return { kind: "cron-data-interval", cron: String(schedule), timezone };
    case "DeltaTriggerTimetable":
      return { kind: "delta-trigger", ...everyOf(schedule), ...interval };
    case "DeltaDataIntervalTimetable":
      return { kind: "delta-data-interval", ...everyOf(schedule) };
    case "EventsTimetable":
      return {
        kind: "events",
        at: crons.map((at) => Date.parse(at)),
        restrictToEvents: row.restrict_to_events === true,
      };
    case "OnceTimetable":
    case "ContinuousTimetable":
      return kind === "OnceTimetable" ? { kind: "once" } : { kind: "continuous" };
    case "NullTimetable":
      return { kind: "none" };
    case "string":
      return presetOf(schedule) ?? { kind: "cron-trigger", crons, timezone };
    default:
      throw new Error(`no schedule is known for ${kind}`);
  }
}

function presetOf(schedule: unknown): ScheduleSpec | undefined {
  if (schedule === null) return { kind: "none" };
  if (schedule === "@once") return { kind: "once" };
  return schedule === "@continuous" ? { kind: "continuous" } : undefined;
}

function everyOf(schedule: unknown): { everyMs: number; everyMonths: number } {
  const isDistance = (value: unknown): value is Distance => typeof value === "number" || typeof value === "object";
  if (!isDistance(schedule)) throw new Error(`no distance: ${JSON.stringify(schedule)}`);
  const { months, ms } = deltaOf(schedule);
  return { everyMs: ms, everyMonths: months };
}

function runImmediately({ run_immediately: given }: TimetableRow): { runImmediately?: boolean | number } {
  if (given === undefined || given === null) return {};
  return { runImmediately: typeof given === "number" ? given * 1000 : given };
}
