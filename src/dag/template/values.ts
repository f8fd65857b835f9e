/**
 * @module What templates may do with values: attributes, items, calls, and how a value becomes text. Only what stands here is reachable: no prototype, no function of
 * the language.
 */
import { dateText, strftime, TimeSpan, timeSpan } from "./date-value.ts";

/** A function that templates may call. */
export class Callable {
  readonly call: (args: readonly unknown[], named: Readonly<Record<string, unknown>>) => unknown;
  constructor(call: Callable["call"]) {
    this.call = call;
  }
}

/** An object whose attributes are computed when they are asked for. */
export class Namespace {
  readonly get: (name: string) => unknown;
  constructor(get: (name: string) => unknown) {
    this.get = get;
  }
}

/** A namespace with a fixed set of attributes. */
export function namespace(attributes: Readonly<Record<string, () => unknown>>): Namespace {
  return new Namespace((name) => {
    const attribute = Object.hasOwn(attributes, name) ? attributes[name] : undefined;
    if (attribute === undefined)
      throw new TypeError(`there is no ${name}; there are ${Object.keys(attributes).join(", ")}`);
    return attribute();
  });
}

type Methods<T> = Readonly<Record<string, (value: T, ...args: never[]) => unknown>>;

const TEXT: Methods<string> = {
  upper: (text) => text.toUpperCase(),
  lower: (text) => text.toLowerCase(),
  strip: (text) => text.trim(),
  split: (text, by?: string) => (by === undefined ? text.trim().split(/\s+/) : text.split(by)),
  replace: (text, from: string, to: string) => text.replaceAll(from, to),
  startswith: (text, start: string) => text.startsWith(start),
  endswith: (text, end: string) => text.endsWith(end),
  join: (text, list: readonly unknown[]) => list.map(pythonText).join(text),
  zfill: (text, width: number) => text.padStart(width, "0"),
};
const DICT: Methods<Readonly<Record<string, unknown>>> = {
  get: (dict, key: string, otherwise: unknown = null) => (Object.hasOwn(dict, key) ? dict[key] : otherwise),
  items: (dict) => Object.entries(dict),
  keys: (dict) => Object.keys(dict),
  values: (dict) => Object.values(dict),
};
const DATE: Methods<Date> = {
  strftime: (date, format: string) => strftime(date, format),
  isoformat: (date) => dateText(date, "ts"),
  timestamp: (date) => date.getTime() / 1000,
  date: (date) => dateText(date, "ds"),
  to_date_string: (date) => dateText(date, "ds"),
  to_iso8601_string: (date) => dateText(date, "ts"),
};
const DATE_PARTS: Readonly<Record<string, (date: Date) => unknown>> = {
  year: (date) => date.getUTCFullYear(),
  month: (date) => date.getUTCMonth() + 1,
  day: (date) => date.getUTCDate(),
  hour: (date) => date.getUTCHours(),
  minute: (date) => date.getUTCMinutes(),
  second: (date) => date.getUTCSeconds(),
  int_timestamp: (date) => Math.floor(date.getTime() / 1000),
};

/** `value.name`. Throws a `TypeError` for what is not there. */
export function attributeOf(value: unknown, name: string): unknown {
  if (value instanceof Namespace) return value.get(name);
  if (value instanceof Date) return dateAttribute(value, name);
  if (typeof value === "string") return method(TEXT, value, name);
  if (isDict(value)) {
    if (Object.hasOwn(value, name)) return value[name];
    return method(DICT, value, name);
  }
  if (value instanceof Map && value.has(name)) return value.get(name);
  throw new TypeError(`${described(value)} has no ${name}`);
}

/** `value[key]`. Throws a `TypeError` for what is not there. */
export function itemOf(value: unknown, key: unknown): unknown {
  if (Array.isArray(value) || typeof value === "string") {
    const index = Number(key);
    const item: unknown = value[index < 0 ? value.length + index : index];
    if (Number.isInteger(index) && item !== undefined) return item;
  } else if (value instanceof Map && value.has(key)) return value.get(key);
  else if (isDict(value) && Object.hasOwn(value, String(key))) return value[String(key)];
  else if (value instanceof Namespace) return value.get(String(key));
  throw new TypeError(`${described(value)} has no item ${pythonText(key)}`);
}

/** As Python prints it: what a template puts into its text. */
export function pythonText(value: unknown): string {
  return typeof value === "string"
    ? value
    : value instanceof Date
      ? dateText(value, "ts").replace("T", " ")
      : repr(value);
}

/** Python's truth. */
export function isTrue(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  if (isDict(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}

/** What a loop goes over. */
export function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value;
  if (typeof value === "string" || value instanceof Set) return [...(value as Iterable<unknown>)];
  if (value instanceof Map) return [...value.keys()];
  if (isDict(value)) return Object.keys(value);
  throw new TypeError(`${described(value)} is no list`);
}

export function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype;
}

function dateAttribute(date: Date, name: string): unknown {
  const part = Object.hasOwn(DATE_PARTS, name) ? DATE_PARTS[name] : undefined;
  if (part !== undefined) return part(date);
  if (name === "add" || name === "subtract") {
    const sign = name === "add" ? 1 : -1;
    return new Callable((_args, units) => new Date(date.getTime() + sign * timeSpan(units).ms));
  }
  return method(DATE, date, name);
}

function method<T>(methods: Methods<T>, value: T, name: string): Callable {
  const found = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (found === undefined) throw new TypeError(`${described(value)} has no ${name}`);
  return new Callable((args) => found(value, ...(args as never[])));
}

function repr(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (value === true) return "True";
  if (value === false) return "False";
  if (typeof value === "string")
    return value.includes("'") && !value.includes('"') ? `"${value}"` : `'${value.replaceAll("'", "\\'")}'`;
  if (value instanceof Date) return `'${dateText(value, "ts")}'`;
  if (value instanceof TimeSpan) return `${value.ms / 1000}s`;
  if (Array.isArray(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Map) return dictRepr([...value]);
  if (isDict(value)) return dictRepr(Object.entries(value));
  if (typeof value === "number" || typeof value === "bigint") return String(value);
  throw new TypeError(`${described(value)} has no text`);
}

function dictRepr(entries: readonly (readonly [unknown, unknown])[]): string {
  return `{${entries.map(([key, value]) => `${repr(key)}: ${repr(value)}`).join(", ")}}`;
}

/** For messages: a kind, never the value, which may be a secret. */
function described(value: unknown): string {
  if (value === null || value === undefined) return "None";
  if (Array.isArray(value)) return "a list";
  if (value instanceof Date) return "a date";
  if (typeof value === "string") return "a text";
  if (typeof value === "number" || typeof value === "bigint") return "a number";
  return value instanceof Callable ? "a function" : "an object";
}
