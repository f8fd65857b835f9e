/**
 * @module Pools as the API and the files of `pools export` spell them.
 */
import type { ApiClient } from "../../api-client.ts";

export interface WirePool {
  readonly name: string;
  readonly slots: number;
  readonly description: string | null;
  readonly include_deferred: boolean;
  readonly occupied_slots: number;
  readonly scheduled_slots: number;
}

const PAGE = 100;

export async function allPools(api: ApiClient): Promise<readonly WirePool[]> {
  const pools: WirePool[] = [];
  for (let total = 1; pools.length < total;) {
    // oxlint-disable-next-line no-await-in-loop
    const page = (await api("GET", `/api/v2/pools?limit=${PAGE}&offset=${pools.length}`)) as {
      readonly pools: readonly WirePool[];
      readonly total_entries: number;
    };
    total = page.pools.length === 0 ? 0 : page.total_entries;
    pools.push(...page.pools);
  }
  return pools;
}

export function poolPath(name: string): string {
  return `/api/v2/pools/${encodeURIComponent(name)}`;
}

/** One line of a list. */
export function poolLine({
  name,
  slots,
  description,
  occupied_slots: used,
  scheduled_slots: waiting,
}: WirePool): string {
  const size = slots < 0 ? "unlimited" : `${used} of ${slots} used, ${waiting} wanted`;
  return `${name.padEnd(40)} ${size.padEnd(28)} ${description ?? ""}`.trimEnd();
}

/** Creates a pool, or gives it other slots; `default_pool` keeps its description. */
export async function setPool(
  api: ApiClient,
  pool: Pick<WirePool, "name" | "slots" | "description" | "include_deferred">,
): Promise<WirePool> {
  const action = { entities: [pool], action: "create", action_on_existence: "skip" };
  const made = (await api("PATCH", "/api/v2/pools", { actions: [action] })) as {
    readonly create: { readonly errors: readonly { readonly error: string }[] } | null;
  };
  const failed = made.create?.errors[0];
  if (failed !== undefined) throw new Error(failed.error);
  const fields =
    pool.name === "default_pool" ? ["slots", "include_deferred"] : ["slots", "include_deferred", "description"];
  const mask = fields.map((field) => `update_mask=${field}`).join("&");
  return (await api("PATCH", `${poolPath(pool.name)}?${mask}`, pool)) as WirePool;
}
