/**
 * @module Looking into values: the part that `pick` names, and what can be mapped over (a list, or an object whose items are `[key, value]` pairs, as in Airflow).
 */

/** The part of `value` behind `path`; `undefined` where something on the way is missing. Own properties only. */
export function pickPath(value: unknown, path: readonly string[]): unknown {
  let part = value;
  for (const name of path) {
    if (typeof part !== "object" || part === null) return undefined;
    part = part instanceof Map ? part.get(name) : Object.hasOwn(part, name) ? Reflect.get(part, name) : undefined;
  }
  return part;
}

/** Number of items to map over; `null` when `value` is neither a list nor an object or map. */
export function mappableLength(value: unknown): number | null {
  if (Array.isArray(value)) return value.length;
  if (value instanceof Map) return value.size;
  return isRecord(value) ? Object.keys(value).length : null;
}

/** Item `index` of a mappable value: the list's element, or the pair `[key, value]`. */
export function mappableElement(value: unknown, index: number): unknown {
  if (Array.isArray(value)) return value[index];
  if (value instanceof Map) return Iterator.from(value.entries()).drop(index).next().value;
  return isRecord(value) ? Object.entries(value)[index] : undefined;
}

/** A plain object: what a JSON object or a literal is, no class instance. */
export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype || Object.getPrototypeOf(proto) === null;
}
