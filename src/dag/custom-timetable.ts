/**
 * @module Airflow's custom timetable: a class of the author that says when the next run is. It is asked in a Worker for some runs ahead, so it must
 * answer from what it is given, not from the clock; with the same input the same answer.
 */
import type { RunAhead, TimetableOrder } from "../model/custom-timetable.ts";
import { AirflareError } from "../model/error.ts";

/** Half-open `[start, end)`. */
export interface DataInterval {
  readonly start: Date;
  readonly end: Date;
}

/** Bounds of the DAG's schedule. */
export interface TimeRestriction {
  /** The DAG's start date. */
  readonly earliest: Date | null;
  /** Its end date, inclusive. */
  readonly latest: Date | null;
  readonly catchup: boolean;
}

/** A run: not before `runAfter`; its logical date is the start of its interval. */
export interface DagRunInfo {
  readonly runAfter: Date;
  readonly dataInterval: DataInterval;
}

/**
 * Base of custom timetables.
 * @example
 * import type { DagRunInfo, DataInterval, TimeRestriction } from "airflare";
 *
 * class AfterWorkday extends Timetable {
 *   override readonly summary = "after each workday";
 *   nextDagrunInfo(last: DataInterval | null, { earliest }: TimeRestriction): DagRunInfo | null {
 *     const start = new Date(last?.end ?? earliest ?? "2026-01-01");
 *     while ([0, 6].includes(start.getUTCDay())) start.setUTCDate(start.getUTCDate() + 1);
 *     const end = new Date(start.getTime() + 86_400_000);
 *     return { runAfter: end, dataInterval: { start, end } };
 *   }
 * }
 * dag("report", { schedule: new AfterWorkday(), startDate: "2026-01-01" }, () => {});
 */
export abstract class Timetable {
  /** Shown as the DAG's schedule. */
  readonly summary: string = "custom timetable";
  /** The run after the last one of the schedule (`last`: its interval, null before the first); null when there is none any more. */
  abstract nextDagrunInfo(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null;
  /** The interval of a run that somebody makes for a date. */
  inferManualDataInterval(runAfter: Date): DataInterval {
    return { start: runAfter, end: runAfter };
  }
}

/** True for an instance of {@link Timetable}, also of another copy of the package. */
export function isTimetable(given: unknown): given is Timetable {
  return typeof given === "object" && given !== null && typeof Reflect.get(given, "nextDagrunInfo") === "function";
}

/** The runs that were asked for. Throws `invalid_timetable`, and what the author's code throws. */
export function runsAhead(
  timetable: Timetable,
  order: TimetableOrder,
): { readonly runs: readonly RunAhead[]; readonly ended: boolean } {
  const date = (at: number | null): Date | null => (at === null ? null : new Date(at));
  const restriction = { earliest: date(order.earliest), latest: date(order.latest), catchup: order.catchup };
  const runs: RunAhead[] = [];
  let last = order.last;
  while (runs.length < order.count) {
    const interval = last === null ? null : { start: new Date(last.start), end: new Date(last.end) };
    const info = timetable.nextDagrunInfo(interval, restriction);
    if (info === null) return { runs, ended: true };
    const run = runAheadOf(info, order.dagId);
    if (order.latest !== null && run.logicalDate > order.latest) return { runs, ended: true };
    if (last !== null && (run.interval.end < last.end || run.logicalDate <= last.start))
      throw invalid(order.dagId, `behind ${new Date(last.start).toISOString()} comes a run that is not later`);
    runs.push(run);
    last = run.interval;
  }
  return { runs, ended: false };
}

/** The interval that the timetable gives a run made by hand. */
export function manualInterval(timetable: Timetable, dagId: string, at: number): RunAhead["interval"] {
  const dataInterval = timetable.inferManualDataInterval(new Date(at));
  return runAheadOf({ runAfter: new Date(at), dataInterval }, dagId).interval;
}

function runAheadOf({ runAfter, dataInterval }: DagRunInfo, dagId: string): RunAhead {
  const [at, start, end] = [runAfter, dataInterval.start, dataInterval.end].map((date) => date.getTime());
  if (at === undefined || start === undefined || end === undefined || Number.isNaN(at + start + end))
    throw invalid(dagId, "it answers something that is no date");
  if (end < start) throw invalid(dagId, `it answers an interval that ends before it begins`);
  return { runAfter: at, logicalDate: start, interval: { start, end } };
}

function invalid(dagId: string, what: string): AirflareError {
  return new AirflareError("invalid_timetable", `The timetable of DAG ${dagId} is wrong: ${what}.`);
}
