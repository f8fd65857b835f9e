/**
 * @module A slow, obvious judge of when a cron fires around a clock change: looks at one minute after the other, knows no calendar arithmetic. Zones come
 * from `Intl`'s offset texts, not from `src/lib/time-zone.ts`.
 */

const MINUTE = 60_000;
const DAY = 86_400_000;

/** One change of a zone's clock; offsets in ms east of Greenwich. */
export interface ClockChange {
  readonly timeZone: string;
  readonly at: number;
  readonly before: number;
  readonly after: number;
}

/** A cron as plain sets; null = `*`. */
export interface PlainCron {
  readonly minutes: readonly number[] | null;
  readonly hours: readonly number[] | null;
  readonly weekdays: readonly number[] | null;
}

export function cronText({ minutes, hours, weekdays }: PlainCron): string {
  const field = (values: readonly number[] | null): string => values?.join(",") ?? "*";
  return `${field(minutes)} ${field(hours)} * * ${field(weekdays)}`;
}

/** Every change of every zone the platform knows, in a span of time. */
export function clockChanges(from: number, to: number): ClockChange[] {
  return Intl.supportedValuesOf("timeZone").flatMap((timeZone) => changesOf(timeZone, from, to));
}

function changesOf(timeZone: string, from: number, to: number): ClockChange[] {
  const format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset" });
  const offsetAt = (at: number): number => {
    const match = /GMT(?:([+-])(\d{2}):(\d{2}))?/.exec(format.format(at));
    const [, sign, hours = "0", minutes = "0"] = match ?? [];
    return (sign === "-" ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * MINUTE;
  };
  const changes: ClockChange[] = [];
  // No zone changes there and back within a week.
  for (let week = from; week < to; week += 7 * DAY) {
    const [before, after] = [offsetAt(week), offsetAt(week + 7 * DAY)];
    if (before === after) continue;
    let [low, high] = [week, week + 7 * DAY];
    while (high - low > MINUTE) {
      const middle = Math.floor((low + high) / 2 / MINUTE) * MINUTE;
      if (offsetAt(middle) === before) low = middle;
      else high = middle;
    }
    changes.push({ timeZone, at: high, before, after });
  }
  return changes;
}

/**
 * The first fire after `at`: what the calendar on the wall says next. A time that the clock shows twice counts at its second pass, one that it skips as much
 * later as it skips; with `*` for the hour, time passes as it does on a stopwatch.
 */
export function nextFire(change: ClockChange, cron: PlainCron, at: number): number {
  const start = wallAt(change, at);
  let wall = (Math.floor(start / MINUTE) + 1) * MINUTE;
  while (!matches(cron, wall)) wall += MINUTE;
  if (cron.hours === null) return at + (wall - start);
  return lastShown(change, wall) ?? wall - change.before;
}

function wallAt(change: ClockChange, at: number): number {
  return at + (at < change.at ? change.before : change.after);
}

/** The last minute within a day at which the clock shows this; undefined when it never does. */
function lastShown(change: ClockChange, wall: number): number | undefined {
  return [wall - change.before, wall - change.after]
    .filter((at) => wallAt(change, at) === wall)
    .toSorted((a, b) => b - a)[0];
}

function matches({ minutes, hours, weekdays }: PlainCron, wall: number): boolean {
  const date = new Date(wall);
  const fits = (values: readonly number[] | null, value: number): boolean => values === null || values.includes(value);
  return fits(minutes, date.getUTCMinutes()) && fits(hours, date.getUTCHours()) && fits(weekdays, date.getUTCDay());
}
