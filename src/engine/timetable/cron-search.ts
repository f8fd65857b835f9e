/**
 * @module Next and previous wall time of a cron expression. Days are tried one by one inside matching months, times of day from sorted lists.
 */
import {
  calendarDay,
  DAY_MS,
  daysInMonth,
  HOUR_MS,
  MINUTE_MS,
  SECOND_MS,
  wallOfDay,
  weekday,
} from "../../lib/time-zone.ts";
import type { CalendarDay } from "../../lib/time-zone.ts";
import type { CronExpression } from "./cron-expression.ts";

/** croniter's bound: an expression that matches nothing within it (`0 0 30 2 *`) never fires. */
const YEARS_SEARCHED = 50;
const ZERO: readonly number[] = [0];

/** The first match after `wall`, or null when there is none within 50 years. */
export function nextWall(cron: CronExpression, wall: number): number | null {
  const unit = cron.seconds === null ? MINUTE_MS : SECOND_MS;
  const start = Math.floor(wall / unit) * unit + unit;
  const lastYear = calendarDay(start).year + YEARS_SEARCHED;
  let midnight = Math.floor(start / DAY_MS) * DAY_MS;
  let from = start - midnight;
  for (;;) {
    const day = calendarDay(midnight);
    if (day.year > lastYear) return null;
    if (!monthMatches(cron, day)) {
      midnight = wallOfDay(day.year, day.month + 1, 1);
    } else {
      const time = dayMatches(cron, day) ? timeOfDay(cron, from, 1) : null;
      if (time !== null) return midnight + time;
      midnight += DAY_MS;
    }
    from = 0;
  }
}

/** The last match before `wall`, or null when there is none within 50 years. */
export function previousWall(cron: CronExpression, wall: number): number | null {
  const start = wall - 1;
  const firstYear = calendarDay(start).year - YEARS_SEARCHED;
  let midnight = Math.floor(start / DAY_MS) * DAY_MS;
  let from = start - midnight;
  for (;;) {
    const day = calendarDay(midnight);
    if (day.year < firstYear) return null;
    if (!monthMatches(cron, day)) {
      midnight = wallOfDay(day.year, day.month, 0);
    } else {
      const time = dayMatches(cron, day) ? timeOfDay(cron, from, -1) : null;
      if (time !== null) return midnight + time;
      midnight -= DAY_MS;
    }
    from = DAY_MS - 1;
  }
}

function monthMatches(cron: CronExpression, { year, month }: CalendarDay): boolean {
  return (
    (cron.years === null || cron.years.all || cron.years.values.includes(year)) && cron.months.values.includes(month)
  );
}

/** Day of month and day of week both restricted: either is enough. `W`, `#` and `L5` always bind. */
function dayMatches(cron: CronExpression, day: CalendarDay): boolean {
  const byWeekday = cron.nthWeekdays.length > 0 ? nthWeekdayMatches(cron, day) : null;
  if (cron.nearestWeekday !== null) {
    if (day.day !== nearestWeekday(day, cron.nearestWeekday)) return false;
    // As croniter: a plain weekday list beside `W` adds nothing when the day of month is restricted.
    return byWeekday ?? true;
  }
  const daysRestricted = !cron.daysOfMonth.all;
  const byDay =
    cron.daysOfMonth.all ||
    cron.daysOfMonth.values.includes(day.day) ||
    (cron.lastDayOfMonth && day.day === daysInMonth(day.year, day.month));
  if (byWeekday !== null) return byWeekday && (daysRestricted && !cron.daysOfWeek.all ? true : byDay);
  if (cron.daysOfWeek.all) return byDay;
  const onWeekday = cron.daysOfWeek.values.includes(weekday(day.year, day.month, day.day));
  return daysRestricted ? byDay || onWeekday : onWeekday;
}

function nthWeekdayMatches(cron: CronExpression, { year, month, day }: CalendarDay): boolean {
  const today = weekday(year, month, day);
  const isLast = day + 7 > daysInMonth(year, month);
  const nth = Math.ceil(day / 7);
  return cron.nthWeekdays.some(
    (entry) => entry.weekday === today && (entry.nth === "last" ? isLast : entry.nth === nth),
  );
}

/** The day from Monday to Friday nearest to `wanted`, inside the same month. */
function nearestWeekday({ year, month }: CalendarDay, wanted: number): number {
  const last = daysInMonth(year, month);
  const day = Math.min(wanted, last);
  const on = weekday(year, month, day);
  if (on === 6) return day > 1 ? day - 1 : day + 2;
  if (on === 0) return day < last ? day + 1 : day - 2;
  return day;
}

/** First time of day at or after `from` (direction 1), last at or before it (-1); ms since midnight, null when none is left. */
function timeOfDay(cron: CronExpression, from: number, direction: 1 | -1): number | null {
  const inOrder = (values: readonly number[]): readonly number[] => (direction === 1 ? values : values.toReversed());
  const seconds = inOrder(cron.seconds?.values ?? ZERO);
  const minutes = inOrder(cron.minutes.values);
  const fits = (time: number): boolean => (direction === 1 ? time >= from : time <= from);
  const fromHour = Math.floor(from / HOUR_MS);
  for (const hour of inOrder(cron.hours.values)) {
    if (direction === 1 ? hour < fromHour : hour > fromHour) continue;
    for (const minute of minutes) {
      for (const second of seconds) {
        const time = hour * HOUR_MS + minute * MINUTE_MS + second * SECOND_MS;
        if (fits(time)) return time;
      }
    }
  }
  return null;
}
