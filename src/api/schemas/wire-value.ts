/**
 * @module Values as the wire spells them: dates as ISO 8601 with `Z`, numbers and booleans as query text, UUIDs made from our own ids.
 */
import { sha1 } from "@noble/hashes/legacy.js";
import * as z from "zod/mini";

/** Epoch ms as Airflow prints it: `2025-01-01T00:00:00Z`, with milliseconds when there are some. */
export function wireDate(at: number): string {
  return new Date(at).toISOString().replace(".000Z", "Z");
}

/** As {@link wireDate}; `null` and 0 ("not yet" in packed rows) stay null. */
export function wireDateOrNull(at: number | null): string | null {
  return at === null || at === 0 ? null : wireDate(at);
}

/** Seconds between two instants, null while either is missing. */
export function wireDuration(startedAt: number | null, endedAt: number | null): number | null {
  if (startedAt === null || startedAt === 0 || endedAt === null || endedAt === 0) return null;
  return Math.max(0, endedAt - startedAt) / 1000;
}

/** The same UUID for the same parts: Airflow's clients parse ids of task instances and versions as UUIDs. */
export function wireUuid(...parts: readonly (string | number)[]): string {
  const bytes = sha1(new TextEncoder().encode(parts.join("\u0000"))).slice(0, 16);
  // Version 8 ("own layout") and the variant bits of RFC 9562.
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join("-");
}

const DATE_PATTERN = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}(?::\d{2})?)(?:\.(\d{1,9}))?(Z|[+-]\d{2}(?::?\d{2})?)$/i;

/**
 * Reads a date with its offset, also in the spellings of Python clients (`+0000`, microseconds); finer than a millisecond is cut.
 * `undefined` for anything else.
 */
export function parseWireDate(text: string): number | undefined {
  // A `+` that a client did not escape in a query arrives as a space.
  const match = DATE_PATTERN.exec(text.trim().replace(/ (\d{2}:?\d{2})$/, "+$1"));
  if (match === null) return undefined;
  const [, day = "", time = "", fraction = "", zone = ""] = match;
  const seconds = time.length === 5 ? `${time}:00` : time;
  const ms = fraction.slice(0, 3).padEnd(3, "0");
  const at = Date.parse(`${day}T${seconds}.${ms}${offset(zone)}`);
  return Number.isNaN(at) ? undefined : at;
}

function offset(zone: string): string {
  if (zone.toUpperCase() === "Z") return "Z";
  const digits = zone.slice(1).replace(":", "").padEnd(4, "0");
  return `${zone.slice(0, 1)}${digits.slice(0, 2)}:${digits.slice(2)}`;
}

/** A date in a body or query, read to epoch ms. */
export const dateIn = textAs(
  (text) => parseWireDate(text),
  "datetime_parsing",
  "Input should be a valid datetime with timezone info",
);

/** An integer in a query. */
export const intIn = textAs(
  (text) => (/^[+-]?\d{1,15}$/.test(text) ? Number(text) : undefined),
  "int_parsing",
  "Input should be a valid integer, unable to parse string as an integer",
);

/** An integer of at least 0 in a query. */
export const countIn = z.pipe(intIn, z.number().check(z.minimum(0)));

/** A number in a query. */
export const numberIn = textAs(
  (text) => (text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : undefined),
  "float_parsing",
  "Input should be a valid number, unable to parse string as a number",
);

const TRUE_WORDS = new Set(["true", "1", "yes", "y", "on", "t"]);
const FALSE_WORDS = new Set(["false", "0", "no", "n", "off", "f"]);

/** A boolean in a query, in pydantic's words. */
export const booleanIn = textAs(
  (text) => (TRUE_WORDS.has(text.toLowerCase()) ? true : FALSE_WORDS.has(text.toLowerCase()) ? false : undefined),
  "bool_parsing",
  "Input should be a valid boolean, unable to interpret input",
);

/** `limit`, `offset` and `order_by` of every list. */
export const pageQuery = {
  limit: z.optional(countIn),
  offset: z.optional(countIn),
  order_by: z.optional(z.array(z.string())),
};

function textAs<Value>(read: (text: string) => Value | undefined, type: string, message: string) {
  return z.pipe(
    z.string(),
    z.transform((text: string, payload): Value => {
      const value = read(text);
      if (value !== undefined) return value;
      payload.issues.push({ code: "custom", message, params: { type }, input: text });
      return z.NEVER;
    }),
  );
}

/** Response fields. */
export const dateOut = z.iso.datetime();
export const nullableText = z.nullable(z.string());
export const nullableDate = z.nullable(dateOut);
