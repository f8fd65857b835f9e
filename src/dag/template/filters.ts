/**
 * @module Filters of templates: Airflow's for dates, and Jinja's common ones.
 */
import { dateText } from "./date-value.ts";
import { isDict, isTrue, listOf, pythonText } from "./values.ts";

type Filter = (value: unknown, args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;

const date =
  (form: Parameters<typeof dateText>[1]): Filter =>
  (value) => {
    if (!(value instanceof Date)) throw new TypeError("it is no date");
    return dateText(value, form);
  };
const text =
  (change: (value: string) => string): Filter =>
  (value) =>
    change(pythonText(value));
const capitalized = (value: string): string => value.charAt(0).toUpperCase() + value.slice(1).toLowerCase();

export const FILTERS: Readonly<Record<string, Filter>> = {
  ds: date("ds"),
  ds_nodash: date("ds_nodash"),
  ts: date("ts"),
  ts_nodash: date("ts_nodash"),
  ts_nodash_with_tz: date("ts_nodash_with_tz"),
  upper: text((value) => value.toUpperCase()),
  lower: text((value) => value.toLowerCase()),
  trim: text((value) => value.trim()),
  capitalize: text(capitalized),
  title: text((value) => value.replaceAll(/\w+/g, capitalized)),
  string: text((value) => value),
  urlencode: text((value) => encodeURIComponent(value).replaceAll("%2F", "/")),
  replace: (value, [from, to]) => pythonText(value).replaceAll(pythonText(from), pythonText(to)),
  // An undefined value comes as undefined here; with a second true argument what is empty counts as well.
  default: orDefault,
  d: orDefault,
  join: (value, [by = ""]) => listOf(value).map(pythonText).join(pythonText(by)),
  length: lengthOf,
  count: lengthOf,
  first: (value) => listOf(value)[0] ?? null,
  last: (value) => listOf(value).at(-1) ?? null,
  list: (value) => [...listOf(value)],
  sort: (value) => [...listOf(value)].toSorted(compared),
  unique: (value) => [...new Set(listOf(value))],
  sum: (value) => listOf(value).reduce<number>((sum, one) => sum + Number(one), 0),
  min: (value) => [...listOf(value)].toSorted(compared)[0] ?? null,
  max: (value) => [...listOf(value)].toSorted(compared).at(-1) ?? null,
  int: (value) => Math.trunc(Number(value)) || 0,
  float: (value) => Number(value) || 0,
  abs: (value) => Math.abs(Number(value)),
  round: (value, [digits = 0]) => Number(Number(value).toFixed(Number(digits))),
  tojson: (value) => JSON.stringify(value),
};

function orDefault(value: unknown, [otherwise = "", alsoEmpty = false]: readonly unknown[]): unknown {
  return value === undefined || (isTrue(alsoEmpty) && !isTrue(value)) ? otherwise : value;
}

function lengthOf(value: unknown): number {
  return isDict(value) ? Object.keys(value).length : listOf(value).length;
}

export function compared(a: unknown, b: unknown): number {
  const [left, right] = [comparable(a), comparable(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}

function comparable(value: unknown): string | number | bigint {
  if (value instanceof Date) return value.getTime();
  if (typeof value === "number" || typeof value === "bigint") return value;
  return pythonText(value);
}
