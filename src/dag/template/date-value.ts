/**
 * @module Dates and time spans as templates see them: Python's `datetime` (in UTC) and `timedelta`, as far as templates use them.
 */

const DAY_MS = 86_400_000;
const UNITS: Readonly<Record<string, number>> = {
  weeks: 7 * DAY_MS,
  days: DAY_MS,
  hours: 3_600_000,
  minutes: 60_000,
  seconds: 1000,
  milliseconds: 1,
};
const MONTHS = "January February March April May June July August September October November December".split(" ");
const WEEKDAYS = "Sunday Monday Tuesday Wednesday Thursday Friday Saturday".split(" ");

/** Python's timedelta. */
export class TimeSpan {
  readonly ms: number;
  constructor(ms: number) {
    this.ms = ms;
  }
}

/** `timedelta(days=1, hours=2)`. Throws for an unknown unit. */
export function timeSpan(units: Readonly<Record<string, unknown>>): TimeSpan {
  let ms = 0;
  for (const [unit, count] of Object.entries(units)) {
    const length = UNITS[unit];
    if (length === undefined || typeof count !== "number")
      throw new TypeError(`a time span has ${Object.keys(UNITS).join(", ")}, as numbers; not ${unit}`);
    ms += count * length;
  }
  return new TimeSpan(ms);
}

/** Airflow's texts of a date. */
export function dateText(date: Date, form: "ds" | "ds_nodash" | "ts" | "ts_nodash" | "ts_nodash_with_tz"): string {
  const iso = date.toISOString();
  const seconds = iso.slice(0, 19);
  const micros = iso.slice(20, 23) === "000" ? "" : `.${iso.slice(20, 23)}000`;
  if (form === "ds") return iso.slice(0, 10);
  if (form === "ds_nodash") return iso.slice(0, 10).replaceAll("-", "");
  if (form === "ts") return `${seconds}${micros}+00:00`;
  const compact = seconds.replaceAll(/[-:]/g, "");
  return form === "ts_nodash" ? compact : `${compact}${micros}+0000`;
}

/** Python's `strftime`, in UTC. */
export function strftime(date: Date, format: string): string {
  const two = (value: number): string => String(value).padStart(2, "0");
  const startOfYear = Date.UTC(date.getUTCFullYear(), 0, 1);
  const hour12 = date.getUTCHours() % 12 || 12;
  const parts: Readonly<Record<string, string>> = {
    Y: String(date.getUTCFullYear()).padStart(4, "0"),
    y: two(date.getUTCFullYear() % 100),
    m: two(date.getUTCMonth() + 1),
    d: two(date.getUTCDate()),
    H: two(date.getUTCHours()),
    I: two(hour12),
    p: date.getUTCHours() < 12 ? "AM" : "PM",
    M: two(date.getUTCMinutes()),
    S: two(date.getUTCSeconds()),
    f: `${String(date.getUTCMilliseconds()).padStart(3, "0")}000`,
    j: String(Math.floor((date.getTime() - startOfYear) / DAY_MS) + 1).padStart(3, "0"),
    B: MONTHS[date.getUTCMonth()] ?? "",
    b: (MONTHS[date.getUTCMonth()] ?? "").slice(0, 3),
    A: WEEKDAYS[date.getUTCDay()] ?? "",
    a: (WEEKDAYS[date.getUTCDay()] ?? "").slice(0, 3),
    w: String(date.getUTCDay()),
    u: String(date.getUTCDay() || 7),
    F: date.toISOString().slice(0, 10),
    T: date.toISOString().slice(11, 19),
    s: String(Math.floor(date.getTime() / 1000)),
    z: "+0000",
    Z: "UTC",
    "%": "%",
  };
  return format.replaceAll(/%([\s\S])/g, (whole, letter: string) => {
    const part = parts[letter];
    if (part === undefined) throw new TypeError(`strftime knows no ${whole}`);
    return part;
  });
}

/** Python's `strptime` for the formats that numbers make up. Throws when the text does not fit. */
export function strptime(text: string, format: string): Date {
  const names: string[] = [];
  const pattern = format
    .replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll(/%([\s\S])/g, (whole, letter: string) => {
      if (!"YmdHMS".includes(letter)) throw new TypeError(`strptime knows no ${whole}`);
      names.push(letter);
      return letter === "Y" ? String.raw`(\d{4})` : String.raw`(\d{1,2})`;
    });
  const match = new RegExp(`^${pattern}$`).exec(text);
  if (match === null) throw new TypeError(`${JSON.stringify(text)} is no date of the form ${format}`);
  const part = (letter: string, otherwise: number): number => {
    const at = names.indexOf(letter);
    return at < 0 ? otherwise : Number(match[at + 1]);
  };
  const [year, month, day] = [part("Y", 1900), part("m", 1), part("d", 1)];
  return new Date(Date.UTC(year, month - 1, day, part("H", 0), part("M", 0), part("S", 0)));
}

/** `ds_add`: a date text some days later, in the same form. */
export function dsAdd(ds: string, days: number): string {
  return dateText(new Date(strptime(ds, "%Y-%m-%d").getTime() + days * DAY_MS), "ds");
}
