/**
 * @module Slots of one limit (a pool, a concurrency key) as leases: who holds them until when, who waits. Plain SQL and one rule, on the narrow SQL interface.
 *
 * 1. The slots of unexpired leases never exceed the limit. 2. A key (run, task, try) holds at most one lease: asking or giving back twice is harmless.
 * 3. What becomes free goes to the waiting in the same turn: higher priority first, then the older, as many as fit.
 */
import type { Sql, SqlRow } from "../dag-run/sql.ts";

/** One request for slots. `key` names run, task instance and try. */
export interface SlotRequest {
  readonly key: string;
  readonly slots: number;
  readonly priority: number;
  /** Older date first among equal priorities; epoch ms. */
  readonly since: number;
}

export interface SlotGrant {
  readonly key: string;
  /** Until then the slots are held; renew before. */
  readonly until: number;
}

export type SlotAnswer =
  | { readonly kind: "granted"; readonly until: number }
  /** In the waiting list; the grant comes with some later call's `granted`. */
  | { readonly kind: "waiting"; readonly ahead: number }
  /** Never possible: it wants more slots than there are. */
  | { readonly kind: "refused"; readonly reason: string };

/** Calls of the slot object. */
export interface SlotApi {
  /** -1 = no limit. Answers who got slots through it. */
  setLimit(limit: number): Promise<readonly SlotGrant[]>;
  request(request: SlotRequest): Promise<SlotAnswer>;
  /** Gives slots back, or leaves the waiting list. Answers who got them. */
  release(keys: readonly string[]): Promise<readonly SlotGrant[]>;
  /** Extends leases; keys without one are missing in the answer: their attempt must stop. */
  renew(keys: readonly string[]): Promise<readonly SlotGrant[]>;
  usage(): Promise<{ readonly limit: number; readonly held: number; readonly waiting: number }>;
}

/** A holder renews well within this; a dead one frees its slots after it. */
export const LEASE_MS = 60_000;

const TABLES = [
  "CREATE TABLE IF NOT EXISTS setting (k INTEGER PRIMARY KEY, v INTEGER NOT NULL)",
  "CREATE TABLE IF NOT EXISTS lease (key TEXT PRIMARY KEY, slots INTEGER NOT NULL, until INTEGER NOT NULL) WITHOUT ROWID",
  `CREATE TABLE IF NOT EXISTS waiting (key TEXT PRIMARY KEY, slots INTEGER NOT NULL, priority INTEGER NOT NULL, since INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS waiting_order ON waiting (priority DESC, since, key)",
] as const;
const LIMIT = 0;
/** Waiting requests looked at per hand-over: those behind it wait for the next. */
const HAND_OVER_PAGE = 200;

export class SlotLeases {
  readonly #sql: Sql;
  readonly #leaseMs: number;

  constructor(sql: Sql, leaseMs: number = LEASE_MS) {
    this.#sql = sql;
    this.#leaseMs = leaseMs;
    for (const table of TABLES) sql.exec(table);
  }

  setLimit(limit: number, now: number): readonly SlotGrant[] {
    return this.#sql.transactionSync(() => {
      this.#sql.exec(
        "INSERT INTO setting (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
        LIMIT,
        limit,
      );
      return this.#handOver(now);
    });
  }

  request({ key, slots, priority, since }: SlotRequest, now: number): SlotAnswer {
    return this.#sql.transactionSync((): SlotAnswer => {
      const limit = this.#limit();
      if (limit >= 0 && slots > limit) {
        return { kind: "refused", reason: `it wants ${slots} slots and there are ${limit} in all` };
      }
      const held = this.#sql.exec("SELECT until FROM lease WHERE key = ? AND until > ?", key, now)[0];
      if (held !== undefined) return { kind: "granted", until: Number(held["until"]) };
      this.#sql.exec(
        "INSERT OR REPLACE INTO waiting (key, slots, priority, since) VALUES (?, ?, ?, ?)",
        key,
        slots,
        priority,
        since,
      );
      const own = this.#handOver(now).find((grant) => grant.key === key);
      return own === undefined
        ? { kind: "waiting", ahead: this.#ahead(key, priority, since) }
        : { kind: "granted", until: own.until };
    });
  }

  release(keys: readonly string[], now: number): readonly SlotGrant[] {
    return this.#sql.transactionSync(() => {
      const list = JSON.stringify(keys);
      this.#sql.exec("DELETE FROM lease WHERE key IN (SELECT value FROM json_each(?))", list);
      this.#sql.exec("DELETE FROM waiting WHERE key IN (SELECT value FROM json_each(?))", list);
      return this.#handOver(now);
    });
  }

  renew(keys: readonly string[], now: number): readonly SlotGrant[] {
    const until = now + this.#leaseMs;
    const sql = "UPDATE lease SET until = ? WHERE until > ? AND key IN (SELECT value FROM json_each(?)) RETURNING key";
    return this.#sql.exec(sql, until, now, JSON.stringify(keys)).map((row) => ({ key: String(row["key"]), until }));
  }

  /** Frees what has expired and hands it over. */
  expire(now: number): readonly SlotGrant[] {
    return this.#sql.transactionSync(() => this.#handOver(now));
  }

  usage(now: number): { limit: number; held: number; waiting: number } {
    const waiting = this.#sql.exec("SELECT count(*) AS n FROM waiting")[0];
    return { limit: this.#limit(), held: this.#held(now), waiting: Number(waiting?.["n"]) };
  }

  /** When the first lease runs out; null when none is held. */
  nextExpiryAt(): number | null {
    const at = this.#sql.exec("SELECT min(until) AS at FROM lease")[0]?.["at"];
    return typeof at === "number" ? at : null;
  }

  /** Gives free slots to the waiting. One that does not fit lets smaller ones behind it pass, as in Airflow. */
  #handOver(now: number): readonly SlotGrant[] {
    this.#sql.exec("DELETE FROM lease WHERE until <= ?", now);
    const limit = this.#limit();
    let free = limit < 0 ? Number.POSITIVE_INFINITY : limit - this.#held(now);
    const grants: SlotGrant[] = [];
    const rows =
      free <= 0
        ? []
        : this.#sql.exec("SELECT key, slots FROM waiting ORDER BY priority DESC, since, key LIMIT ?", HAND_OVER_PAGE);
    for (const row of rows) {
      const slots = Number(row["slots"]);
      if (slots > free) continue;
      free -= slots;
      grants.push(this.#grant(row, slots, now));
    }
    return grants;
  }

  #grant(row: SqlRow, slots: number, now: number): SlotGrant {
    const key = String(row["key"]);
    const until = now + this.#leaseMs;
    this.#sql.exec("DELETE FROM waiting WHERE key = ?", key);
    this.#sql.exec("INSERT OR REPLACE INTO lease (key, slots, until) VALUES (?, ?, ?)", key, slots, until);
    return { key, until };
  }

  #ahead(key: string, priority: number, since: number): number {
    const sql = "SELECT count(*) AS n FROM waiting WHERE (-priority, since, key) < (?, ?, ?)";
    return Number(this.#sql.exec(sql, -priority, since, key)[0]?.["n"]);
  }

  #held(now: number): number {
    return Number(this.#sql.exec("SELECT coalesce(sum(slots), 0) AS n FROM lease WHERE until > ?", now)[0]?.["n"]);
  }

  /** Until a limit is set there is none. */
  #limit(): number {
    const row = this.#sql.exec("SELECT v FROM setting WHERE k = ?", LIMIT)[0];
    return row === undefined ? -1 : Number(row["v"]);
  }
}
