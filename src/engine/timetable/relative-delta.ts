/**
 * @module Calendar distances (Python's `relativedelta`, as Airflow uses it): months are added first and clamp to the month's last day, then the rest is added.
 * All in UTC, so a day is 24 hours. A clamped day stays clamped: 31 January, 29 February, 29 March.
 */
import { calendarDay, DAY_MS, daysInMonth, wallOfDay } from "../../lib/time-zone.ts";
import type { DeltaSpec } from "../../model/dag-spec.ts";

export function addDelta(at: number, { months, ms }: DeltaSpec): number {
  return addMonths(at, months) + ms;
}

export function subtractDelta(at: number, { months, ms }: DeltaSpec): number {
  return addMonths(at, -months) - ms;
}

function addMonths(at: number, months: number): number {
  if (months === 0) return at;
  const midnight = Math.floor(at / DAY_MS) * DAY_MS;
  const { year, month, day } = calendarDay(midnight);
  // Months beyond the year carry over.
  return wallOfDay(year, month + months, Math.min(day, daysInMonth(year, month + months))) + (at - midnight);
}
