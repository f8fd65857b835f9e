/**
 * @module Pools: defined in D1, counted by their objects (`pool:<name>`). Always there are `default_pool`,
 * without a limit until somebody sets its slots, and the pools that `airflare.config.ts` declares.
 */
import { DEFAULT_POOL, poolLimit } from "../engine/slot-limits.ts";
import type { SlotDefinition, SlotUsage } from "../model/slot.ts";
import { AirflareError } from "../model/error.ts";
import { dagRunObjectName } from "../model/ids.ts";
import { projectConfig } from "../dag/config.ts";
import type { Env } from "./env.ts";
import { withHistory } from "./history/history-error.ts";
import { Conditions, listPage } from "./history/queries/list-query.ts";
import type { Listed, ListSource, Page } from "./history/queries/list-query.ts";

export interface Pool {
  readonly name: string;
  /** -1 = unlimited. */
  readonly slots: number;
  readonly description: string | null;
  readonly includeDeferred: boolean;
}

/** Slots by what their task instances do. */
export interface PoolUsage {
  readonly running: number;
  readonly queued: number;
  readonly deferred: number;
  /** Asked for by task instances that wait. */
  readonly scheduled: number;
}

/** A pool with what its slots are used for. */
export interface PoolEntry extends Pool {
  readonly usage: PoolUsage;
}

interface PoolRow {
  readonly name: string;
  readonly slots: number;
  readonly description: string | null;
  readonly include_deferred: number;
}

const UNLIMITED = -1;
/** Runs asked what their task instances do; slots of further ones count as running. */
const HOLDERS_MAX = 50;

/** Pools that are there without a row: `default_pool`, and those of `airflare.config.ts` until somebody sets them otherwise. */
function declaredPools(): ReadonlyMap<string, number> {
  return new Map([[DEFAULT_POOL, UNLIMITED], ...Object.entries(projectConfig().pools ?? {})]);
}

function declaredPool(name: string): Pool | null {
  const slots = declaredPools().get(name);
  if (slots === undefined) return null;
  return { name, slots, description: name === DEFAULT_POOL ? "Default pool" : null, includeDeferred: false };
}

/** Must tasks without a pool of their own ask for slots? `slots`: of the row of `default_pool`, if there is one. */
export function isDefaultPoolLimited(slots: number | undefined): boolean {
  return (slots ?? declaredPools().get(DEFAULT_POOL) ?? UNLIMITED) >= 0;
}

/** `default_pool` comes first, as the oldest one in Airflow. */
function poolSource(): ListSource {
  const declared = [...declaredPools().keys()].map((name) => {
    const { slots, description } = declaredPool(name) ?? { slots: UNLIMITED, description: null };
    return { name, slots, description };
  });
  const literal = JSON.stringify(declared).replaceAll("'", "''");
  return {
    columns: "name, slots, description, include_deferred",
    from: `(SELECT name, slots, description, include_deferred, name != '${DEFAULT_POOL}' AS later FROM pool UNION ALL
      SELECT value ->> 'name', value ->> 'slots', value ->> 'description', 0, value ->> 'name' != '${DEFAULT_POOL}'
      FROM json_each('${literal}') WHERE value ->> 'name' NOT IN (SELECT name FROM pool)) AS p`,
    order: { id: "later", pool: "name", name: "name" },
    defaultOrder: ["id"],
    tieBreaker: "name",
  };
}

/** Null when there is no such pool. */
async function getPool(env: Env, name: string): Promise<Pool | null> {
  const sql = "SELECT name, slots, description, include_deferred FROM pool WHERE name = ?";
  const row = await withHistory(() => env.DB.prepare(sql).bind(name).first<PoolRow>());
  return row === null ? declaredPool(name) : poolOf(row);
}

/** As {@link getPool}, with its usage. */
export async function readPool(env: Env, name: string): Promise<PoolEntry | null> {
  const pool = await getPool(env, name);
  return pool === null ? null : await withUsage(env, pool);
}

async function withUsage(env: Env, pool: Pool): Promise<PoolEntry> {
  return { ...pool, usage: await poolUsage(env, pool.name) };
}

/** What the pool's object needs to know of it; null when there is none. */
export async function readPoolDefinition(env: Env, name: string): Promise<SlotDefinition | null> {
  const pool = await getPool(env, name);
  return pool === null ? null : { slots: pool.slots, includeDeferred: pool.includeDeferred };
}

/** Creates or replaces, and tells the pool's object: freed slots are given at once. */
export async function setPool(env: Env, pool: Pool, now: number): Promise<void> {
  const { name, slots, description, includeDeferred } = pool;
  const sql = `INSERT INTO pool (name, slots, description, include_deferred, updated_at) VALUES (?, ?, ?, ?, ?)
    ON CONFLICT (name) DO UPDATE SET slots = excluded.slots, description = excluded.description,
    include_deferred = excluded.include_deferred, updated_at = excluded.updated_at`;
  await withHistory(() => env.DB.prepare(sql).bind(name, slots, description, Number(includeDeferred), now).run());
  await env.SLOT.getByName(poolLimit(name)).define({ slots, includeDeferred });
}

/**
 * False when there was none. Tasks that wait for it go on waiting, with the reason; those that run go on. A pool of `airflare.config.ts` is then as
 * declared again; throws `invalid_request` when it is that already.
 */
export async function deletePool(env: Env, name: string): Promise<boolean> {
  const done = await withHistory(() => env.DB.prepare("DELETE FROM pool WHERE name = ?").bind(name).run());
  const declared = declaredPool(name);
  if (done.meta.changes === 0 && declared !== null)
    throw new AirflareError("invalid_request", `Pool ${name} is declared in airflare.config.ts: remove it there.`);
  await env.SLOT.getByName(poolLimit(name)).define(declared);
  return done.meta.changes > 0;
}

export async function listPools(
  env: Env,
  filters: { readonly namePattern?: string | undefined; readonly namePrefix?: string | undefined },
  page: Page,
): Promise<Listed<PoolEntry>> {
  const conditions = new Conditions().matches("name", filters.namePattern).startsWith("name", filters.namePrefix);
  const { rows, total } = await listPage<PoolRow>(env.DB, poolSource(), conditions, page);
  return { rows: await Promise.all(rows.map((row) => withUsage(env, poolOf(row)))), total };
}

/** The pools themselves, `default_pool` first; what they are used for is not asked. */
export async function definedPools(env: Env, limit: number): Promise<readonly Pool[]> {
  const { rows } = await listPage<PoolRow>(env.DB, poolSource(), new Conditions(), { limit, offset: 0 });
  return rows.map(poolOf);
}

/** What the slots of a pool are used for. The object knows who holds them, the runs know what those do. */
async function poolUsage(env: Env, name: string): Promise<PoolUsage> {
  const usage = await env.SLOT.getByName(poolLimit(name)).usage();
  const states = await statesOf(env, usage);
  const sums = { running: 0, queued: 0, deferred: 0 };
  for (const { dagId, runId, ord, slots } of usage.held) {
    const state = states.get(`${dagRunObjectName(dagId, runId)}:${ord}`);
    sums[state === "queued" || state === "deferred" ? state : "running"] += slots;
  }
  return { ...sums, scheduled: usage.waitingSlots };
}

async function statesOf(env: Env, { held }: SlotUsage): Promise<ReadonlyMap<string, string>> {
  const runs = new Map(held.map(({ dagId, runId }) => [dagRunObjectName(dagId, runId), true] as const));
  const states = new Map<string, string>();
  await Promise.all(
    [...runs.keys()].slice(0, HOLDERS_MAX).map(async (name) => {
      const request = { states: ["queued", "deferred"] as const, offset: 0, limit: 1_000 };
      const { views } = await env.DAG_RUN.getByName(name).readTaskInstances(request);
      for (const { ord, state } of views) states.set(`${name}:${ord}`, state);
    }),
  );
  return states;
}

function poolOf({ name, slots, description, include_deferred: includeDeferred }: PoolRow): Pool {
  return { name, slots, description, includeDeferred: includeDeferred === 1 };
}
