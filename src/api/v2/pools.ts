/**
 * @module Airflow pools. A pool cannot get another name; `default_pool` can only get other slots and cannot be deleted.
 */
import { DEFAULT_POOL } from "../../engine/slot-limits.ts";
import { HttpDetailError, validationError } from "../errors.ts";
import { PoolBody, poolListQuery, poolResponse } from "../schemas/pools.ts";
import { keyedRoutes } from "../keyed-resource.ts";
import type { ApiApp } from "../ports.ts";
import type { KeyedChange } from "../keyed-resource.ts";
import type * as z from "zod/mini";

type Body = z.output<typeof PoolBody>;

const NO_USAGE = { running: 0, queued: 0, deferred: 0, scheduled: 0 };
/** What may change of `default_pool`. */
const DEFAULT_POOL_FIELDS: ReadonlySet<string> = new Set(["slots", "include_deferred"]);

export function poolRoutes(app: ApiApp): void {
  keyedRoutes(app, {
    path: "/api/v2/pools",
    noun: "Pool",
    keyField: "name",
    listField: "pools",
    listQuery: poolListQuery,
    patternField: "pool_name_pattern",
    prefixField: "pool_name_prefix_pattern",
    order: { id: "id", pool: "pool", name: "name" },
    defaultOrder: "id",
    body: PoolBody,
    store: (ports) => ports.pools,
    keyOf,
    check,
    entryOf: (body, stored, fields) => {
      const keeps = (field: string): boolean => stored !== null && !fields.has(field);
      return {
        name: keyOf(body),
        slots: stored !== null && keeps("slots") ? stored.slots : body.slots,
        description: stored !== null && keeps("description") ? stored.description : (body.description ?? null),
        includeDeferred:
          stored !== null && keeps("include_deferred") ? stored.includeDeferred : (body.include_deferred ?? false),
        usage: stored?.usage ?? NO_USAGE,
      };
    },
    response: poolResponse,
  });
}

function keyOf(body: Body): string {
  return body.name ?? body.pool ?? "";
}

function check(change: KeyedChange<Body>): void {
  if (change.kind === "delete") {
    if (change.key === DEFAULT_POOL) throw new HttpDetailError(400, "Default Pool can't be deleted");
    return;
  }
  const { body } = change;
  if (keyOf(body) === "") throw missing("name", body);
  if (change.kind === "create") return;
  // As Airflow, also when `update_mask` names other fields.
  if (body.include_deferred === undefined) throw missing("include_deferred", body);
  const changed = change.mask ?? [];
  const isAllowed = changed.length > 0 && changed.every((field) => DEFAULT_POOL_FIELDS.has(field));
  if (keyOf(body) === DEFAULT_POOL && !isAllowed)
    throw new HttpDetailError(400, "Only slots and included_deferred can be modified on Default Pool");
}

function missing(field: string, input: unknown): HttpDetailError {
  return validationError([{ type: "missing", loc: ["body", field], msg: "Field required", input }]);
}
