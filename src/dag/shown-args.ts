/**
 * @module `defaultArgs` as the API shows them: plain JSON. Functions by name only.
 */
import { toJsonProjection } from "../lib/codec.ts";

/** JSON projection of options as the author wrote them; callbacks as `"<function name>"`, assets as their URI. */
export function shownArgs(options: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(
    Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [[name, shown(value)]])),
  );
}

function shown(value: unknown): unknown {
  if (typeof value === "function") return `<${value.name === "" ? "function" : value.name}>`;
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value === "object" && value !== null && "kind" in value && value.kind === "asset" && "uri" in value)
    return value.uri;
  return toJsonProjection(value);
}
