/**
 * @module What a timetable answers (Airflow's `Timetable`): when the next run is due, and which interval a manual run covers.
 */

/** Half-open `[start, end)`, epoch ms. */
export interface DataInterval {
  readonly start: number;
  readonly end: number;
}

/** One run to be made: not before `runAfter`. */
export interface DagRunInfo {
  readonly runAfter: number;
  readonly logicalDate: number;
  readonly interval: DataInterval;
}

/** Bounds of a schedule at one moment. */
export interface TimeRestriction {
  /** The DAG's start date. */
  readonly earliest: number | null;
  /** The DAG's end date, inclusive. */
  readonly latest: number | null;
  readonly catchup: boolean;
  /** The clock: with catchup off only the newest due interval counts. */
  readonly now: number;
}

export interface Timetable {
  /** The run after the last automated one (`last`: its interval, null before the first); null when there is none any more. */
  nextDagRun(last: DataInterval | null, restriction: TimeRestriction): DagRunInfo | null;
  inferManualInterval(runAfter: number): DataInterval;
}

/** A run made at the end of its interval; its logical date is the start. */
export function runOfInterval(start: number, end: number): DagRunInfo {
  return { runAfter: end, logicalDate: start, interval: { start, end } };
}

/** A run at a point in time, with an interval of no length. */
export function runAt(at: number): DagRunInfo {
  return runOfInterval(at, at);
}

/** The latest of several instants; null counts as none. */
export function latestOf(instants: readonly (number | null)[]): number | null {
  return instants.reduce((latest, at) => (latest === null || (at !== null && at > latest) ? at : latest), null);
}
