/**
 * @module Time zones and calendar arithmetic on epoch milliseconds: offsets and DST through `Intl`, no clock of its own.
 *
 * "Wall" time is what a clock on the wall shows, written as the epoch milliseconds that the same digits would have in UTC.
 */

export const SECOND_MS = 1_000;
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;

/** A formatter costs about 50 µs to make and holds the zone's rules: one per zone. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(timeZone: string): Intl.DateTimeFormat {
  let formatter = formatters.get(timeZone);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      era: "narrow",
      year: "numeric",
      month: "2-digit",
      day: "2-digit",
      hour: "2-digit",
      minute: "2-digit",
      second: "2-digit",
    });
    formatters.set(timeZone, formatter);
  }
  return formatter;
}

/** True for a zone of the IANA database (or `UTC`) that this platform knows. */
export function isTimeZone(timeZone: string): boolean {
  try {
    formatterOf(timeZone);
    return true;
  } catch (thrown) {
    if (thrown instanceof RangeError) return false;
    throw thrown;
  }
}

/** Days of a zone whose offsets are kept: asking `Intl` costs 5 µs, and schedules ask about the same days again and again. */
const DAYS_KEPT = 4_000;
/** Offset at the start of each UTC day, by zone. */
const dayOffsets = new Map<string, Map<number, number>>();

/** Offset from UTC at an instant, ms, positive east of Greenwich. Throws RangeError for an unknown zone. */
export function zoneOffsetMs(timeZone: string, at: number): number {
  if (timeZone === "UTC") return 0;
  const day = Math.floor(at / DAY_MS);
  const offset = dayOffsetMs(timeZone, day);
  // No zone changes twice within a day.
  return offset === dayOffsetMs(timeZone, day + 1) ? offset : askedOffsetMs(timeZone, at);
}

function dayOffsetMs(timeZone: string, day: number): number {
  let days = dayOffsets.get(timeZone);
  if (days === undefined || days.size >= DAYS_KEPT) dayOffsets.set(timeZone, (days = new Map()));
  let offset = days.get(day);
  if (offset === undefined) days.set(day, (offset = askedOffsetMs(timeZone, day * DAY_MS)));
  return offset;
}

function askedOffsetMs(timeZone: string, at: number): number {
  const second = Math.floor(at / SECOND_MS) * SECOND_MS;
  const fields: Record<string, number> = {};
  for (const part of formatterOf(timeZone).formatToParts(second)) {
    if (part.type !== "literal" && part.type !== "era") fields[part.type] = Number(part.value);
  }
  const wall = Date.UTC(
    fields["year"] ?? 0,
    (fields["month"] ?? 1) - 1,
    fields["day"],
    fields["hour"],
    fields["minute"],
    fields["second"],
  );
  return wall - second;
}

/** Wall time of an instant. */
export function wallTime(timeZone: string, at: number): number {
  return at + zoneOffsetMs(timeZone, at);
}

/**
 * The instant of a wall time. A wall time that a clock change skips is moved forward by the size of the gap (02:30 is read as 03:30);
 * one that happens twice is `"first"` or `"second"` as asked.
 */
export function instantOfWall(timeZone: string, wall: number, fold: "first" | "second"): number {
  // A day to either side is on the other side of any change near `wall`; no zone changes twice within two days.
  const before = zoneOffsetMs(timeZone, wall - DAY_MS);
  const after = zoneOffsetMs(timeZone, wall + DAY_MS);
  if (before === after) return wall - before;
  const early = wall - Math.max(before, after);
  const late = wall - Math.min(before, after);
  const matches = [early, late].filter((at) => wallTime(timeZone, at) === wall);
  // In a gap neither matches; the offset before the change gives the time moved forward.
  if (matches.length === 0) return wall - before;
  return (fold === "first" ? matches[0] : matches.at(-1)) ?? wall - before;
}

/** A calendar day, month 1 to 12. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

/** The calendar day of a wall time. */
export function calendarDay(wall: number): CalendarDay {
  const date = new Date(wall);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}

/** Wall time of a day's midnight; months and days outside their range carry over, as in `Date.UTC`. */
export function wallOfDay(year: number, month: number, day: number): number {
  return Date.UTC(year, month - 1, day);
}

/** Number of days in a month, month 1 to 12. */
export function daysInMonth(year: number, month: number): number {
  return new Date(Date.UTC(year, month, 0)).getUTCDate();
}

/** 0 = Sunday to 6 = Saturday. */
export function weekday(year: number, month: number, day: number): number {
  return new Date(Date.UTC(year, month - 1, day)).getUTCDay();
}

/** The last midnight (UTC) at or before an instant, `days` days earlier: Airflow's `days_ago`. */
export function daysAgoAt(now: number, days: number): number {
  return Math.floor(now / DAY_MS) * DAY_MS - days * DAY_MS;
}

/** Airflow's form of an instant in run ids: `2026-01-02T02:00:00+00:00`, with microseconds when there is a fraction. */
export function isoTimestamp(at: number): string {
  const text = new Date(at).toISOString();
  const fraction = text.slice(20, 23);
  return `${text.slice(0, 19)}${fraction === "000" ? "" : `.${fraction}000`}+00:00`;
}
