/**
 * @module Assets: data that tasks read (`inlets`) and write (`outlets`) and DAGs may be scheduled by. Airflow 2 called them datasets.
 */
import { ASSET_URI_LENGTH_MAX, type AssetCondition } from "../model/asset.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";

export interface Asset {
  readonly kind: "asset";
  readonly uri: string;
  readonly name: string;
  readonly group: string;
}

/** What makes runs of a DAG: an asset, or several joined by {@link assetAll} and {@link assetAny}. */
export type AssetExpression = Asset | AssetGroup;

interface AssetGroup {
  readonly kind: "asset-all" | "asset-any";
  readonly parts: readonly AssetExpression[];
}

/**
 * Names a piece of data by its URI.
 * @example
 * const customers = asset("r2://lake/customers");
 * const load = task("load", { outlets: [customers] }, async () => {});
 */
export function asset(uri: string, options: { readonly name?: string; readonly group?: string } = {}): Asset {
  if (typeof uri !== "string" || uri.trim() === "" || /\s/.test(uri)) {
    throw invalidDag({}, `${JSON.stringify(uri)} is no asset URI; write something like "r2://lake/customers"`);
  }
  const { name = uri, group = "asset" } = options;
  for (const [what, text] of Object.entries({ URI: uri, name, group }))
    if (text.length > ASSET_URI_LENGTH_MAX)
      throw invalidDag(
        {},
        `the ${what} of asset ${uri.slice(0, 40)}... has more than ${ASSET_URI_LENGTH_MAX} characters`,
      );
  return { kind: "asset", uri, name, group };
}

/** Holds when every part does: Airflow's `a & b`, `AssetAll`. A list as `schedule` means the same. */
export function assetAll(...parts: readonly AssetExpression[]): AssetExpression {
  return { kind: "asset-all", parts };
}

/**
 * Holds when one part does: Airflow's `a | b`, `AssetAny`.
 * @example
 * const [orders, customers, prices] = [asset("r2://lake/orders"), asset("r2://lake/customers"), asset("r2://lake/prices")];
 * dag("report", { schedule: assetAny(orders, assetAll(customers, prices)) }, () => void report({ rows: 1 }));
 */
export function assetAny(...parts: readonly AssetExpression[]): AssetExpression {
  return { kind: "asset-any", parts };
}

/** True for an asset, an expression of them, and a list. */
export function isAssetSchedule(given: unknown): given is AssetExpression | readonly AssetExpression[] {
  if (Array.isArray(given)) return true;
  return typeof given === "object" && given !== null && "kind" in given && KINDS.has(given.kind);
}

const KINDS: ReadonlySet<unknown> = new Set(["asset", "asset-all", "asset-any"]);

/** A schedule's assets as data. Throws `invalid_dag` for an empty expression and for what is no asset. */
export function assetCondition(place: Place, given: AssetExpression | readonly AssetExpression[]): AssetCondition {
  if (isList(given)) return { all: partsOf(place, given) };
  if (given.kind === "asset") {
    const { uri, name, group } = given;
    return { asset: { uri, name, group } };
  }
  const parts = partsOf(place, given.parts);
  return given.kind === "asset-all" ? { all: parts } : { any: parts };
}

function partsOf(place: Place, parts: readonly AssetExpression[]): readonly AssetCondition[] {
  if (parts.length === 0 || parts.some((part) => Array.isArray(part) || !isAssetSchedule(part)))
    throw invalidDag(place, 'a schedule by assets holds assets only, at least one; make them with asset("r2://...")');
  return parts.map((part) => assetCondition(place, part));
}

function isList(given: AssetExpression | readonly AssetExpression[]): given is readonly AssetExpression[] {
  return Array.isArray(given);
}
