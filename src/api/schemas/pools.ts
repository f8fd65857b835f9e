/**
 * @module Pools on the wire.
 */
import { nullableText, pageQuery } from "./wire-value.ts";
import * as z from "zod/mini";
import type { PoolEntry } from "../../cloudflare/pools.ts";

export const PoolResponse = z.object({
  name: z.string(),
  /** -1 = unlimited; so is `open_slots` then. */
  slots: z.int(),
  description: nullableText,
  include_deferred: z.boolean(),
  occupied_slots: z.int(),
  running_slots: z.int(),
  queued_slots: z.int(),
  scheduled_slots: z.int(),
  open_slots: z.int(),
  deferred_slots: z.int(),
  team_name: nullableText,
});

const poolName = z.optional(z.nullable(z.string().check(z.minLength(1), z.maxLength(256))));

/** `pool` is the name in older clients. Which fields must be there depends on the request. */
export const PoolBody = z.strictObject({
  name: poolName,
  pool: poolName,
  slots: z.int().check(z.minimum(-1)),
  description: z.optional(z.nullable(z.string())),
  include_deferred: z.optional(z.boolean()),
  /** One deployment has one team. */
  team_name: z.optional(z.null()),
});

export const poolListQuery = z.object({
  ...pageQuery,
  pool_name_pattern: z.optional(z.string()),
  pool_name_prefix_pattern: z.optional(z.string()),
});

/** Airflow counts deferred tasks as occupied only if the pool says so. */
export function poolResponse({
  name,
  slots,
  description,
  includeDeferred,
  usage,
}: PoolEntry): z.infer<typeof PoolResponse> {
  const { running, queued, deferred, scheduled } = usage;
  const occupied = running + queued + (includeDeferred ? deferred : 0);
  return {
    name,
    slots,
    description,
    include_deferred: includeDeferred,
    occupied_slots: occupied,
    running_slots: running,
    queued_slots: queued,
    scheduled_slots: scheduled,
    open_slots: slots < 0 ? -1 : slots - occupied,
    deferred_slots: deferred,
    team_name: null,
  };
}
