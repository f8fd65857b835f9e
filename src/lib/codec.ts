/**
 * @module The lossless codec of XComs and literals: JSON plus Date, Map, Set, bigint, bytes and undefined (devalue's format).
 *
 * What goes in comes out. What cannot come out the same (functions, promises, streams, class instances, symbols, cycles) is refused with its path.
 */
import { parse, stringify } from "devalue";

/** A value or text the codec refuses. Carries the same fields as an operating error; `code` is what callers test. */
export class CodecError extends Error {
  override readonly name = "CodecError";
  readonly code: "xcom_not_serializable" | "xcom_corrupt";
  readonly retryable = false;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(code: CodecError["code"], message: string, details: Readonly<Record<string, unknown>>) {
    super(message);
    this.code = code;
    this.details = details;
  }
}

/** Text of `value`. Throws {@link CodecError} `xcom_not_serializable` naming the path: `value.deep.cb is a function`. */
export function encode(value: unknown): string {
  if (typeof value === "string") return stringify(value);
  try {
    refuseUnstorable(value, "value", new Set());
    return stringify(value, undefined, { operations: { viewInfo: visibleBytes } });
  } catch (error) {
    if (error instanceof CodecError) throw error;
    // Deeper than the stack, or a getter of the author's that throws.
    throw notSerializable("value", `cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The value of a text that {@link encode} made. Throws {@link CodecError} `xcom_corrupt` for any other text. */
export function decode(text: string): unknown {
  try {
    return parse(text);
  } catch (error) {
    throw new CodecError("xcom_corrupt", `a stored value is not codec text: ${String(error)}`, { length: text.length });
  }
}

/**
 * What the REST API shows of a value: plain JSON. Date as ISO text, Set as list, Map as object (list of pairs unless all keys are strings),
 * bytes as base64, bigint as number while exact and else as text; `undefined`, NaN and infinities as null.
 */
export function toJsonProjection(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : value.toString();
  if (typeof value === "number") return Number.isFinite(value) ? value : null;
  if (typeof value !== "object") return value;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? null : value.toISOString();
  if (Array.isArray(value)) return Array.from(value, toJsonProjection);
  if (value instanceof Set) return Array.from(value, toJsonProjection);
  if (value instanceof Map) return mapProjection(value);
  if (value instanceof ArrayBuffer) return base64(new Uint8Array(value));
  if (value instanceof Uint8Array) return base64(value);
  if (ArrayBuffer.isView(value)) return base64(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
  if (value instanceof URL || value instanceof URLSearchParams || value instanceof RegExp) return value.toString();
  return objectProjection(Object.entries(value));
}

/** Text of a value as plain JSON, `__proto__` keys included as data. */
function objectProjection(entries: Iterable<readonly [string, unknown]>): Record<string, unknown> {
  const projected: [string, unknown][] = [];
  for (const [key, item] of entries) if (item !== undefined) projected.push([key, toJsonProjection(item)]);
  return Object.fromEntries(projected);
}

function mapProjection(map: ReadonlyMap<unknown, unknown>): unknown {
  const named: [string, unknown][] = [];
  for (const [key, item] of map) {
    if (typeof key !== "string") return Array.from(map, ([k, v]) => [toJsonProjection(k), toJsonProjection(v)]);
    named.push([key, item]);
  }
  return objectProjection(named);
}

function base64(bytes: Uint8Array): string {
  let text = "";
  // In pieces: the argument list of fromCharCode is limited.
  for (let at = 0; at < bytes.length; at += 0x8000) text += String.fromCharCode(...bytes.subarray(at, at + 0x8000));
  return btoa(text);
}

/** A view is stored as the bytes it shows: the rest of its buffer may hold somebody else's data. */
function visibleBytes(view: ArrayBufferView): {
  buffer: ArrayBuffer;
  byteOffset: number;
  byteLength: number;
  length: number;
  bufferByteLength: number;
} {
  const copy = new Uint8Array(view.byteLength);
  copy.set(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  const { buffer } = copy;
  return {
    buffer,
    byteOffset: 0,
    byteLength: buffer.byteLength,
    length: copy.length,
    bufferByteLength: buffer.byteLength,
  };
}

function notSerializable(path: string, what: string): CodecError {
  return new CodecError(
    "xcom_not_serializable",
    `${path} ${what}; store plain data: JSON values, Date, Map, Set, bigint, bytes or undefined`,
    { path },
  );
}

/** True when a value must be looked into. Asked first, so that paths are only built for few of the items of a long list. */
function isSuspect(value: unknown): boolean {
  return (typeof value === "object" && value !== null) || typeof value === "function" || typeof value === "symbol";
}

/** `ancestors` are the objects around `value`: the same object twice side by side is fine, inside itself it is a cycle. */
function refuseUnstorable(value: unknown, path: string, ancestors: Set<object>): void {
  if (typeof value === "function") throw notSerializable(path, "is a function");
  if (typeof value === "symbol") throw notSerializable(path, "is a symbol");
  if (typeof value !== "object" || value === null || isAtomic(value)) return;
  if (ancestors.has(value)) throw notSerializable(path, "is part of a cycle");
  ancestors.add(value);
  if (Array.isArray(value)) {
    value.forEach((item, index) => {
      if (isSuspect(item)) refuseUnstorable(item, `${path}[${index}]`, ancestors);
    });
  } else if (value instanceof Map) {
    for (const [key, item] of value) refuseUnstorableEntry(key, item, path, ancestors);
  } else if (value instanceof Set) {
    for (const item of value) refuseUnstorable(item, `${path} item`, ancestors);
  } else {
    refuseUnstorableObject(value, path, ancestors);
  }
  ancestors.delete(value);
}

function refuseUnstorableEntry(key: unknown, item: unknown, path: string, ancestors: Set<object>): void {
  if (isSuspect(key)) refuseUnstorable(key, `${path} key`, ancestors);
  if (!isSuspect(item)) return;
  const name = typeof key === "string" ? JSON.stringify(key) : isSuspect(key) ? "…" : String(key);
  refuseUnstorable(item, `${path}.get(${name})`, ancestors);
}

function refuseUnstorableObject(value: object, path: string, ancestors: Set<object>): void {
  if (!isPlainObject(value)) throw notSerializable(path, `is ${describeInstance(value)}`);
  if (Object.getOwnPropertySymbols(value).length > 0) throw notSerializable(path, "has a symbol as key");
  for (const key of Object.keys(value)) {
    if (key === "__proto__") throw notSerializable(path, "has the reserved key __proto__");
    const item: unknown = Reflect.get(value, key);
    if (!isSuspect(item)) continue;
    const dotted = /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key);
    refuseUnstorable(item, dotted ? `${path}.${key}` : `${path}[${JSON.stringify(key)}]`, ancestors);
  }
}

function isAtomic(value: object): boolean {
  return (
    value instanceof Date ||
    value instanceof ArrayBuffer ||
    ArrayBuffer.isView(value) ||
    value instanceof URL ||
    value instanceof URLSearchParams ||
    value instanceof RegExp
  );
}

function isPlainObject(value: object): boolean {
  const proto: unknown = Object.getPrototypeOf(value);
  // The last test takes objects of another realm (a test runner's sandbox).
  return proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null;
}

function describeInstance(value: object): string {
  if ("then" in value && typeof value.then === "function") return "a promise: await it first";
  if ("getReader" in value && typeof value.getReader === "function") return "a stream: only a whole result can be one";
  const name: unknown = value.constructor?.name;
  return typeof name === "string" && name !== "" ? `an instance of ${name}` : "a class instance";
}
