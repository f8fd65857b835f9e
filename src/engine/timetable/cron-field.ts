/**
 * @module One field of a cron expression read into its values, with croniter's rules (the library behind Airflow's cron).
 */

/** What a field's text may say. `max` of the weekday field is 6; 7 is read as Sunday. */
export interface CronFieldRule {
  readonly name: string;
  readonly min: number;
  readonly max: number;
  /** Names by lower-case three letters. */
  readonly names: Readonly<Record<string, number>>;
  readonly questionMark: boolean;
}

/** Values of a field. */
export interface CronField {
  /** The field contains `*` (or every value): it restricts nothing. */
  readonly all: boolean;
  /** The field is `*` and nothing else. `*,5` is `all` but not this. */
  readonly onlyStar: boolean;
  /** Ascending; every value when `all`. */
  readonly values: readonly number[];
}

/** A weekday given as `5#2` (second Friday) or `L5` (last Friday). */
export interface NthWeekday {
  readonly weekday: number;
  readonly nth: number | "last";
}

/** What the list of one field holds before it is closed. */
export interface FieldItems {
  star: boolean;
  /** Day of month `L`. */
  last: boolean;
  readonly values: Set<number>;
  readonly nth: NthWeekday[];
}

const RANGE = /^([^-]+)-([^-/]+)(?:\/(\d+))?$/;
const INTEGER = /^\d+$/;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const WEEKDAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"];

export const MINUTE: CronFieldRule = { name: "minute", min: 0, max: 59, names: {}, questionMark: false };
export const HOUR: CronFieldRule = { name: "hour", min: 0, max: 23, names: {}, questionMark: false };
export const DAY_OF_MONTH: CronFieldRule = { name: "day of month", min: 1, max: 31, names: {}, questionMark: true };
export const MONTH: CronFieldRule = {
  name: "month",
  min: 1,
  max: 12,
  names: Object.fromEntries(MONTHS.map((name, i) => [name, i + 1])),
  questionMark: false,
};
export const DAY_OF_WEEK: CronFieldRule = {
  name: "day of week",
  min: 0,
  max: 6,
  names: Object.fromEntries(WEEKDAYS.map((name, i) => [name, i])),
  questionMark: true,
};
export const SECOND: CronFieldRule = { name: "second", min: 0, max: 59, names: {}, questionMark: false };
export const YEAR: CronFieldRule = { name: "year", min: 1970, max: 2099, names: {}, questionMark: false };

/** Thrown inside the parser with the field and the reason; `parseCron` adds the whole text. */
export class CronFieldError extends Error {
  override readonly name = "CronFieldError";
}

/** All items of one field. Throws {@link CronFieldError} naming the field and the item that is wrong. */
export function parseField(rule: CronFieldRule, text: string): FieldItems {
  const items: FieldItems = { star: false, last: false, values: new Set(), nth: [] };
  if (text.includes("?")) {
    if (text !== "?") refuse(rule, text, "'?' stands alone");
    if (!rule.questionMark) refuse(rule, text, "'?' is only for day of month and day of week");
    items.star = true;
    return items;
  }
  for (const item of text.split(",")) {
    if (rule === DAY_OF_WEEK && parseNthWeekday(rule, item, items)) continue;
    parseItem(rule, item, items);
  }
  return items;
}

/** Closes a field: every value means the same as `*`, unless `keepsList` (day of month and of week restrict each other). */
export function closeField(rule: CronFieldRule, items: FieldItems, keepsList: boolean): CronField {
  const every = items.values.size === rule.max - rule.min + 1 && !items.last && !items.star && !keepsList;
  const all = items.star || every;
  const onlyStar = every || (items.star && items.values.size === 0);
  const values = all ? range(rule.min, rule.max, 1) : [...items.values].toSorted((a, b) => a - b);
  return { all, onlyStar, values };
}

function parseItem(rule: CronFieldRule, item: string, items: FieldItems): void {
  if (item === "*") {
    items.star = true;
    return;
  }
  if (rule === DAY_OF_MONTH && item === "l") {
    items.last = true;
    return;
  }
  const spread = parseRange(rule, item);
  if (spread !== undefined) {
    for (const value of spread) items.values.add(value);
    return;
  }
  if (item.startsWith("-")) refuse(rule, item, "negative numbers are not allowed");
  items.values.add(valueOf(rule, item, item));
}

/** `5#2`, `fri#2`, `mon-fri#2`, `l5`; false when the item is none of these. */
function parseNthWeekday(rule: CronFieldRule, item: string, items: FieldItems): boolean {
  const last = /^l(\d+)$/.exec(item);
  if (last !== null) {
    const weekday = valueOf(rule, last[1] ?? "", item);
    items.values.add(weekday);
    items.nth.push({ weekday, nth: "last" });
    return true;
  }
  const nth = /^([a-z]{3}-[a-z]{3}|\w+)#(\d+)$/.exec(item);
  if (nth === null) return false;
  const count = Number(nth[2]);
  if (count < 1 || count > 5) refuse(rule, item, "the number behind '#' is 1 to 5");
  const days = nth[1] ?? "";
  for (const weekday of parseRange(rule, days) ?? [valueOf(rule, days, item)]) {
    items.values.add(weekday);
    items.nth.push({ weekday, nth: count });
  }
  return true;
}

/** Values of `a-b`, `a-b/n`, `*` with a step and `a/n` (to the end of the field); undefined when the item is none of these. */
function parseRange(rule: CronFieldRule, item: string): readonly number[] | undefined {
  let match = RANGE.exec(item.replace(/^\*\/(.+)$/, `${rule.min}-${rule.max}/$1`));
  let startOnly = false;
  if (match === null) {
    match = RANGE.exec(item.replace(/^(.+)\/(.+)$/, `$1-${rule.max}/$2`));
    startOnly = match !== null;
  }
  if (match === null) return undefined;
  const highText = rule === DAY_OF_MONTH && match[2] === "l" ? "31" : (match[2] ?? "");
  const low = valueOf(rule, match[1] ?? "", item);
  const high = valueOf(rule, highText, item);
  const step = match[3] === undefined ? 1 : Number(match[3]);
  if (step === 0) refuse(rule, item, "a step of 0 never moves");
  if (low === high && startOnly) return [low];
  // `jan-jan` is the whole cycle.
  if (low === high) return range(rule.min, rule.max, step);
  if (low < high) return range(low, high, step);
  return wrappedRange(rule, low, high, step);
}

/** `22-2`: to the end of the field, then on from its start with the step kept. */
function wrappedRange(rule: CronFieldRule, low: number, high: number, step: number): readonly number[] {
  const first = range(low, rule.max, step);
  const end = first.at(-1) ?? low;
  const left = rule.max - end;
  const overEnd = end - rule.min + step > rule.max - rule.min + 1;
  const skipped = overEnd && left < step ? step - left : 0;
  return [...first, ...range(rule.min + skipped, high, step)];
}

function valueOf(rule: CronFieldRule, text: string, item: string): number {
  const named = Object.hasOwn(rule.names, text) ? rule.names[text] : undefined;
  if (named !== undefined) return named;
  if (!INTEGER.test(text)) refuse(rule, item, `'${text}' is not a value`);
  const value = rule === DAY_OF_WEEK && Number(text) === 7 ? 0 : Number(text);
  if (value < rule.min || value > rule.max) {
    refuse(rule, item, `${value} is out of range ${rule.min}-${rule === DAY_OF_WEEK ? 7 : rule.max}`);
  }
  return value;
}

function range(from: number, to: number, step: number): number[] {
  const values: number[] = [];
  for (let value = from; value <= to; value += step) values.push(value);
  return values;
}

function refuse(rule: CronFieldRule, item: string, reason: string): never {
  throw new CronFieldError(`${rule.name} '${item}': ${reason}`);
}
