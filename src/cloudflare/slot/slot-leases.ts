/**
 * @module Slots of one limit as leases: who holds them until when, who waits. Plain SQL and one rule, on the narrow SQL interface.
 *
 * 1. What becomes free goes to the waiting in the same turn: higher priority first, then the older date, then the lower map index, as many as fit. One
 *    that does not fit lets smaller ones behind it pass, as in Airflow. So nobody gets a slot while the unexpired leases leave no room for it.
 * 2. A task instance has at most one lease or one place in the queue, of its latest acquisition: asking or giving back twice is harmless, and a lost
 *    word about giving back heals itself with the next request.
 */
import { assert } from "../../lib/assert.ts";
import type {
  SlotAnswer,
  SlotDefinition,
  SlotGrant,
  SlotHolder,
  SlotOrder,
  SlotRef,
  SlotUsage,
} from "../../model/slot.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { waitReason } from "./wait-reason.ts";

const TABLES = [
  "CREATE TABLE IF NOT EXISTS definition (k INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  `CREATE TABLE IF NOT EXISTS held (key TEXT PRIMARY KEY, holder TEXT NOT NULL, ord INTEGER NOT NULL, ask INTEGER NOT NULL, slots INTEGER NOT NULL,
    until INTEGER NOT NULL, told INTEGER NOT NULL) WITHOUT ROWID`,
  `CREATE TABLE IF NOT EXISTS queue (key TEXT PRIMARY KEY, holder TEXT NOT NULL, ord INTEGER NOT NULL, ask INTEGER NOT NULL, slots INTEGER NOT NULL,
    priority INTEGER NOT NULL, since INTEGER NOT NULL, map_index INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS queue_order ON queue (priority DESC, since, map_index, key)",
] as const;
const ONLY = 0;
/** Requests read at a time. */
const HAND_OVER_PAGE = 500;

interface Lease extends SlotRef {
  readonly holder: SlotHolder;
  readonly slots: number;
  readonly until: number;
}

/** Grants for one run. */
export interface SlotNews {
  readonly holder: SlotHolder;
  readonly granted: readonly SlotGrant[];
}

interface Definition extends SlotDefinition {
  /** For limits that runs bring along: when the run was queued whose word this is. */
  readonly at: number;
}

export class SlotLeases {
  readonly #sql: Sql;
  readonly #limit: string;
  readonly #leaseMs: number;
  /** As in `held`: there are never many more than slots. */
  readonly #held = new Map<string, Lease>();
  #heldSlots = 0;
  #waiting: number;
  #definition: Definition | null;
  /** Grants whose run may not know of them. */
  readonly #untold = new Set<string>();

  /** `limit`: its name, for sentences. */
  constructor(sql: Sql, limit: string, leaseMs: number) {
    this.#sql = sql;
    this.#limit = limit;
    this.#leaseMs = leaseMs;
    for (const table of TABLES) sql.exec(table);
    for (const row of sql.exec("SELECT * FROM held")) {
      const key = String(row["key"]);
      this.#keep(key, leaseOf(row, Number(row["until"])));
      if (row["told"] === 0) this.#untold.add(key);
    }
    this.#waiting = Number(sql.exec("SELECT count(*) AS n FROM queue")[0]?.["n"]);
    const text = sql.exec("SELECT v FROM definition WHERE k = ?", ONLY)[0]?.["v"];
    this.#definition = typeof text === "string" ? (JSON.parse(text) as Definition) : null;
  }

  get definition(): SlotDefinition | null {
    return this.#definition;
  }

  /** Null: the pool is gone. True when it is another one now. */
  define(definition: SlotDefinition | null, now: number, at = 0): boolean {
    const { slots, includeDeferred } = this.#definition ?? {};
    if (slots === definition?.slots && includeDeferred === definition?.includeDeferred) return false;
    this.#definition = definition === null ? null : { ...definition, at };
    if (definition === null) this.#sql.exec("DELETE FROM definition WHERE k = ?", ONLY);
    else
      this.#sql.exec("INSERT OR REPLACE INTO definition (k, v) VALUES (?, ?)", ONLY, JSON.stringify(this.#definition));
    this.#handOver(now);
    return true;
  }

  /** Gives back, renews and asks, in this order. Grants for others are in `news`. */
  exchange({ holder, limit, release, request, renew }: SlotOrder, now: number): SlotAnswer {
    if (limit !== null && limit.at >= (this.#definition?.at ?? 0))
      this.define({ slots: limit.slots, includeDeferred: false }, now, limit.at);
    for (const ref of release) this.#giveBack(keyOf(holder, ref), ref.ask);
    const gone = renew.filter((ref) => !this.#renew(keyOf(holder, ref), ref.ask, now));
    for (const one of request) this.#enqueue(holder, one);
    this.#handOver(now);
    const isGone = new Set(gone.map((ref) => keyOf(holder, ref)));
    const asked = [...request, ...renew].filter((ref) => !isGone.has(keyOf(holder, ref)));
    const granted = asked.flatMap((ref) => this.#grantOf(keyOf(holder, ref), ref.ask));
    // What the run waited for and gets through what it gave back: no word of its own for that.
    const told = new Set(granted.map((grant) => keyOf(holder, grant)));
    for (const key of this.#untold)
      if (!told.has(key) && this.#held.get(key)?.holder.incarnation === holder.incarnation)
        granted.push(...this.#grantOf(key));
    const isGranted = new Set(granted.map(({ ord }) => ord));
    const waiting = request
      .filter(({ ord }) => !isGranted.has(ord))
      .map(({ ord, ask, slots }) => ({ ord, ask, reason: this.#reason(slots) }));
    // The answer tells them; if it is lost, the run asks again.
    this.told(holder, granted);
    return { granted, waiting, gone };
  }

  /** Frees what has expired and hands it over. */
  expire(now: number): void {
    this.#handOver(now);
  }

  /** Grants that their runs have not been told, by run. */
  news(): readonly SlotNews[] {
    const byHolder = new Map<string, { holder: SlotHolder; granted: SlotGrant[] }>();
    for (const key of this.#untold) {
      const lease = this.#held.get(key);
      if (lease === undefined) continue;
      const { holder } = lease;
      const name = holderText(holder);
      const news = byHolder.get(name) ?? { holder, granted: [] };
      byHolder.set(name, news);
      news.granted.push(...this.#grantOf(key));
    }
    return [...byHolder.values()];
  }

  /** The run knows. */
  told(holder: SlotHolder, refs: readonly SlotRef[]): void {
    for (const ref of refs)
      if (this.#held.get(keyOf(holder, ref))?.ask === ref.ask) this.#untold.delete(keyOf(holder, ref));
  }

  /** There is no such run (any more): nothing of it is held, nor waits. */
  forgetRun(holder: SlotHolder, now: number): void {
    const text = holderText(holder);
    for (const [key, lease] of this.#held) if (holderText(lease.holder) === text) this.#forget(key, lease);
    this.#waiting -= this.#sql.exec("DELETE FROM queue WHERE holder = ? RETURNING key", text).length;
    this.#handOver(now);
  }

  usage(now: number): SlotUsage {
    const held = [...this.#held.values()].filter((lease) => lease.until > now);
    const sum = this.#sql.exec("SELECT coalesce(sum(slots), 0) AS n FROM queue")[0];
    return {
      definition: this.#definition,
      held: held.map(({ holder, ord, ask, slots }) => ({ ...holder, ord, ask, slots })),
      waitingSlots: Number(sum?.["n"]),
      waiting: this.#waiting,
    };
  }

  /** When the first lease runs out; null when none is held. */
  nextExpiryAt(): number | null {
    let first: number | null = null;
    for (const { until } of this.#held.values()) if (first === null || until < first) first = until;
    return first;
  }

  #handOver(now: number): void {
    for (const [key, lease] of this.#held) if (lease.until <= now) this.#forget(key, lease);
    const { slots } = this.#definition ?? { slots: 0 };
    let free = slots < 0 ? Number.MAX_SAFE_INTEGER : slots - this.#heldSlots;
    for (let given = 1; given > 0 && free > 0 && this.#waiting > 0;) {
      given = 0;
      for (const row of this.#fitting(free)) {
        const wanted = Number(row["slots"]);
        if (wanted > free) continue;
        free -= wanted;
        given += 1;
        this.#grant(row, now);
      }
    }
  }

  /** The first page of those that would fit alone. */
  #fitting(free: number): readonly SqlRow[] {
    const sql = `SELECT key, holder, ord, ask, slots FROM queue WHERE slots <= ?
      ORDER BY priority DESC, since, map_index, key LIMIT ?`;
    return this.#sql.exec(sql, free, Math.min(free, HAND_OVER_PAGE));
  }

  #grant(row: SqlRow, now: number): void {
    const key = String(row["key"]);
    const lease = leaseOf(row, now + this.#leaseMs);
    this.#sql.exec("DELETE FROM queue WHERE key = ?", key);
    this.#waiting -= 1;
    this.#sql.exec(
      "INSERT INTO held (key, holder, ord, ask, slots, until, told) VALUES (?, ?, ?, ?, ?, ?, 0)",
      key,
      holderText(lease.holder),
      lease.ord,
      lease.ask,
      lease.slots,
      lease.until,
    );
    this.#keep(key, lease);
    this.#untold.add(key);
  }

  #enqueue(holder: SlotHolder, request: SlotOrder["request"][number]): void {
    const key = keyOf(holder, request);
    const { ord, ask, slots, priority, since, mapIndex } = request;
    const known =
      this.#held.get(key)?.ask ?? this.#sql.exec("SELECT ask FROM queue WHERE key = ?", key)[0]?.["ask"] ?? -1;
    if (Number(known) >= ask) return;
    // What was given back got lost, or is still on its way.
    this.#giveBack(key, ask);
    this.#sql.exec(
      "INSERT INTO queue (key, holder, ord, ask, slots, priority, since, map_index) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      key,
      holderText(holder),
      ord,
      ask,
      slots,
      priority,
      since,
      mapIndex,
    );
    this.#waiting += 1;
  }

  #renew(key: string, ask: number, now: number): boolean {
    const lease = this.#held.get(key);
    if (lease?.ask !== ask || lease.until <= now) return false;
    const until = now + this.#leaseMs;
    this.#sql.exec("UPDATE held SET until = ?, told = 1 WHERE key = ?", until, key);
    this.#held.set(key, { ...lease, until });
    return true;
  }

  #grantOf(key: string, wanted?: number): SlotGrant[] {
    const lease = this.#held.get(key);
    if (lease === undefined || (wanted !== undefined && lease.ask !== wanted)) return [];
    const { ord, ask, until } = lease;
    return [{ ord, ask, until, includeDeferred: this.#definition?.includeDeferred ?? false }];
  }

  /** Up to this acquisition: a later one of the same instance stays. */
  #giveBack(key: string, ask: number): void {
    const lease = this.#held.get(key);
    if (lease !== undefined && lease.ask <= ask) this.#forget(key, lease);
    this.#waiting -= this.#sql.exec("DELETE FROM queue WHERE key = ? AND ask <= ? RETURNING key", key, ask).length;
  }

  #forget(key: string, lease: Lease): void {
    this.#sql.exec("DELETE FROM held WHERE key = ?", key);
    this.#held.delete(key);
    this.#heldSlots -= lease.slots;
    this.#untold.delete(key);
  }

  #keep(key: string, lease: Lease): void {
    assert(!this.#held.has(key), `slot ${key} of ${this.#limit} is given twice`);
    this.#held.set(key, lease);
    this.#heldSlots += lease.slots;
  }

  #reason(slots: number): string {
    return waitReason(this.#limit, this.#definition, { slots, taken: this.#heldSlots, waiting: this.#waiting });
  }
}

function keyOf({ incarnation }: SlotHolder, { ord }: SlotRef): string {
  return `${incarnation}/${ord}`;
}

function holderText({ dagId, runId, incarnation }: SlotHolder): string {
  return JSON.stringify([dagId, runId, incarnation]);
}

function leaseOf(row: SqlRow, until: number): Lease {
  const [dagId = "", runId = "", incarnation = ""] = JSON.parse(String(row["holder"])) as string[];
  const holder = { dagId, runId, incarnation };
  return { holder, ord: Number(row["ord"]), ask: Number(row["ask"]), slots: Number(row["slots"]), until };
}
