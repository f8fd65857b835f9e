/**
 * @module Assets: data that tasks read (`inlets`) and write (`outlets`) and DAGs may be scheduled by. Airflow 2 called them datasets.
 */
import { invalidDag } from "./invalid-dag.ts";

export interface Asset {
  readonly kind: "asset";
  readonly uri: string;
  readonly name: string;
  readonly group: string;
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
  return { kind: "asset", uri, name: options.name ?? uri, group: options.group ?? "asset" };
}
