/**
 * @module Truth as Airflow's authors know it: what a short circuit or a poke answers counts as false when it is empty, as in Python.
 */

/** False for `false`, 0, "", null, undefined, and empty lists, objects, maps, sets and bytes. */
export function isTruthy(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return Boolean(value);
  if (Array.isArray(value)) return value.length > 0;
  if (value instanceof Map || value instanceof Set) return value.size > 0;
  if (value instanceof ArrayBuffer || ArrayBuffer.isView(value)) return value.byteLength > 0;
  const proto: unknown = Object.getPrototypeOf(value);
  return (proto !== null && proto !== Object.prototype) || Object.keys(value).length > 0;
}
