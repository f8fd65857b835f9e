/**
 * @module Cron expressions as Airflow reads them: five fields, a sixth for seconds, a seventh for the year, and the presets.
 */
import { AirflareError } from "../../model/error.ts";
import {
  closeField,
  CronFieldError,
  DAY_OF_MONTH,
  DAY_OF_WEEK,
  HOUR,
  MINUTE,
  MONTH,
  parseField,
  SECOND,
  YEAR,
} from "./cron-field.ts";
import type { CronField, CronFieldRule, FieldItems, NthWeekday } from "./cron-field.ts";
import { drawField } from "./cron-random.ts";

/** A parsed expression. Fields that are not written are null: seconds 0, any year. */
export interface CronExpression {
  /** As the author wrote it. */
  readonly text: string;
  readonly minutes: CronField;
  readonly hours: CronField;
  readonly daysOfMonth: CronField;
  /** `L`: the last day of the month. */
  readonly lastDayOfMonth: boolean;
  /** `15W`: the Monday-to-Friday day nearest to this day of the month. */
  readonly nearestWeekday: number | null;
  readonly months: CronField;
  readonly daysOfWeek: CronField;
  /** `5#2`, `L5`: when not empty it takes the place of `daysOfWeek`. */
  readonly nthWeekdays: readonly NthWeekday[];
  readonly seconds: CronField | null;
  readonly years: CronField | null;
}

/** Airflow's presets. `@once` and `@continuous` are no cron: they are timetables of their own. */
export const CRON_PRESETS: Readonly<Record<string, string>> = {
  "@hourly": "0 * * * *",
  "@daily": "0 0 * * *",
  "@midnight": "0 0 * * *",
  "@weekly": "0 0 * * 0",
  "@monthly": "0 0 1 * *",
  "@quarterly": "0 0 1 */3 *",
  "@yearly": "0 0 1 1 *",
  "@annually": "0 0 1 1 *",
};

/**
 * Reads a cron expression or preset. Throws `invalid_dag` that says which field and item is wrong.
 *
 * @example parseCron("0 2 * * 1-5"); parseCron("@daily"); parseCron("0 0 L * *");
 */
export function parseCron(text: string): CronExpression {
  const lower = text.trim().toLowerCase();
  const fields = (CRON_PRESETS[lower] ?? lower).split(/[ \t\n\r\f\v]+/);
  if (fields.length < 5 || fields.length > 7 || fields[0] === "") {
    const known = lower.startsWith("@") ? ` Known presets: ${Object.keys(CRON_PRESETS).join(", ")}.` : "";
    throw invalid(text, `it has ${lower === "" ? 0 : fields.length} fields; write 5, 6 or 7.${known}`);
  }
  try {
    const drawn = fields.map((written, i) => drawField(FIELDS[i] ?? MINUTE, written, lower));
    return expressionOf(text, drawn);
  } catch (thrown) {
    if (thrown instanceof CronFieldError) throw invalid(text, `${thrown.message}.`);
    throw thrown;
  }
}

/** In the order in which they are written. */
const FIELDS: readonly CronFieldRule[] = [MINUTE, HOUR, DAY_OF_MONTH, MONTH, DAY_OF_WEEK, SECOND, YEAR];

function expressionOf(text: string, fields: readonly string[]): CronExpression {
  const [minute = "", hour = "", dayText = "", month = "", weekdayText = "", second, year] = fields;
  const nearestWeekday = parseNearestWeekday(dayText);
  const days = nearestWeekday === null ? parseField(DAY_OF_MONTH, dayText) : dayItems(nearestWeekday);
  const weekdays = parseField(DAY_OF_WEEK, weekdayText);
  // A full list of days keeps its force when the other field is restricted too: both together mean "either".
  const daysOfMonth = closeField(DAY_OF_MONTH, days, !weekdayText.includes("*"));
  const daysOfWeek = closeField(DAY_OF_WEEK, weekdays, !dayText.includes("*"));
  assertOneKindOfWeekday(weekdayText, weekdays);
  return {
    text,
    minutes: field(MINUTE, minute),
    hours: field(HOUR, hour),
    daysOfMonth,
    lastDayOfMonth: days.last,
    nearestWeekday,
    months: field(MONTH, month),
    daysOfWeek,
    nthWeekdays: weekdays.nth,
    seconds: second === undefined ? null : field(SECOND, second),
    years: year === undefined ? null : field(YEAR, year),
  };
}

function field(rule: CronFieldRule, text: string): CronField {
  return closeField(rule, parseField(rule, text), false);
}

/** `15w` or `w15`; it stands alone in its field. */
function parseNearestWeekday(text: string): number | null {
  const match = /^(?:(\d+)w|w(\d+))$/.exec(text);
  if (match === null) {
    if (/(^|,)(\d+w|w\d+)(,|$)/.test(text))
      throw new CronFieldError(`day of month '${text}': 'W' goes with a single day, not a list`);
    return null;
  }
  const day = Number(match[1] ?? match[2]);
  if (day < 1 || day > 31) throw new CronFieldError(`day of month '${text}': ${day} is out of range 1-31`);
  return day;
}

function dayItems(day: number): FieldItems {
  return { star: false, last: false, values: new Set([day]), nth: [] };
}

function assertOneKindOfWeekday(text: string, items: FieldItems): void {
  if (items.nth.length === 0) return;
  const nth = new Set(items.nth.map((entry) => entry.weekday));
  const plain = [...items.values].filter((value) => !nth.has(value));
  if (plain.length > 0 && items.values.size !== 7) {
    throw new CronFieldError(`day of week '${text}': plain days and '#' or 'L' days do not mix`);
  }
}

function invalid(text: string, reason: string): AirflareError {
  return new AirflareError("invalid_dag", `cron '${text}' is not valid: ${reason}`, { details: { cron: text } });
}
