/**
 * @module `daysAgo(n)` and other dates of a DAG. A moving date is kept as its rule, so that the DAG's hash does not change each day.
 */
import { invalidDag, type Place } from "./invalid-dag.ts";
import { instantOfWall } from "../lib/time-zone.ts";

export interface DaysAgo {
  readonly daysAgo: number;
}

/** A `Date`, ISO text (without offset: in the DAG's zone), or {@link daysAgo}. */
export type DagDate = Date | string | DaysAgo;

/**
 * Midnight UTC `n` days before now, worked out each time the schedule is.
 * @example
 * dag("customer_etl_pipeline", { scheduleInterval: "0 2 * * *", startDate: daysAgo(1) }, () => {});
 */
export function daysAgo(n: number): DaysAgo {
  if (!Number.isInteger(n) || n < 0) throw invalidDag({}, `daysAgo(${n}): give a whole number of days, 0 or more`);
  return { daysAgo: n };
}

const ISO = /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?))?(Z|[+-]\d{2}:?\d{2})?$/;

/** Epoch ms of an author's date; a naive text is a wall time of `timezone`. */
export function instantOf(place: Place, option: string, date: Date | string, timezone: string): number {
  if (date instanceof Date) {
    if (!Number.isNaN(date.getTime())) return date.getTime();
    throw invalidDag(place, `${option} is an invalid Date`);
  }
  const match = typeof date === "string" ? ISO.exec(date.trim()) : null;
  const [, day = "", time = "00:00", offset] = match ?? [];
  const wall = match === null ? Number.NaN : Date.parse(`${day}T${time}Z`);
  // Date.parse rolls 31 February over to March: the digits must come back.
  if (Number.isNaN(wall) || new Date(wall).toISOString().slice(0, 10) !== day) {
    throw invalidDag(
      place,
      `${option} ${JSON.stringify(date)} is no date; write ISO text like "2026-01-31" or "2026-01-31T02:00:00Z"`,
    );
  }
  if (offset === undefined) return instantOfWall(timezone, wall, "first");
  return Date.parse(`${day}T${time}${offset}`);
}

/** As {@link instantOf}, keeping `daysAgo`. */
export function dagDate(place: Place, option: string, date: DagDate, timezone: string): number | DaysAgo {
  if (typeof date === "object" && "daysAgo" in date) return { daysAgo: date.daysAgo };
  return instantOf(place, option, date, timezone);
}
