/**
 * @module Asset expressions: which assets one names, and whether it holds for assets that were updated.
 */
import type { AssetCondition } from "../model/asset.ts";

/** URIs of all assets in an expression, each once. */
export function assetsOf(condition: AssetCondition): readonly string[] {
  return [...new Set(leavesOf(condition).map(({ uri }) => uri))];
}

/** Every asset of an expression as it is written there. */
export function leavesOf(condition: AssetCondition): readonly Extract<AssetCondition, { asset: unknown }>["asset"][] {
  if ("asset" in condition) return [condition.asset];
  return ("all" in condition ? condition.all : condition.any).flatMap(leavesOf);
}

/** True when `updated` is enough. An empty `all` holds, an empty `any` does not. */
export function holds(condition: AssetCondition, updated: ReadonlySet<string>): boolean {
  if ("asset" in condition) return updated.has(condition.asset.uri);
  return "all" in condition
    ? condition.all.every((part) => holds(part, updated))
    : condition.any.some((part) => holds(part, updated));
}
