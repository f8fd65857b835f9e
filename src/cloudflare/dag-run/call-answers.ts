/**
 * @module Answers of state-changing calls by `callId`, kept until the lease ends, so that a repeated call gets the answer of the first one.
 *
 * Rows are slots that are used again once they expired: a call writes one row and deletes none. What is stored is small: tokens, not the batch
 * with its XComs, which is built again from the rows.
 */
import type { AttemptToken } from "../../model/ids.ts";
import type { Sql } from "./sql.ts";

export interface StoredAnswer {
  /** Attempts that became `running` for the caller. */
  readonly tokens: readonly AttemptToken[];
  readonly stale: readonly AttemptToken[];
  /** Ords a command touched. */
  readonly touched?: readonly number[];
}

interface Slot {
  id: string;
  until: number;
}

export class CallAnswers {
  readonly #sql: Sql;
  readonly #slots: Slot[] = [];
  readonly #slotById = new Map<string, number>();
  #nextFree = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
    for (const row of sql.exec("SELECT slot, id, until FROM call ORDER BY slot")) {
      const slot = Number(row["slot"]);
      this.#slots[slot] = { id: String(row["id"]), until: Number(row["until"]) };
      this.#slotById.set(String(row["id"]), slot);
    }
  }

  get(callId: string): StoredAnswer | undefined {
    const slot = this.#slotById.get(callId);
    if (slot === undefined) return undefined;
    const value = this.#sql.exec("SELECT v FROM call WHERE slot = ?", slot)[0]?.["v"];
    return typeof value === "string" ? (JSON.parse(value) as StoredAnswer) : undefined;
  }

  /** Inside the transaction of the call's event. */
  put(callId: string, answer: StoredAnswer, now: number, until: number): void {
    const slot = this.#freeSlot(now);
    const old = this.#slots[slot];
    if (old !== undefined) this.#slotById.delete(old.id);
    this.#slots[slot] = { id: callId, until };
    this.#slotById.set(callId, slot);
    this.#sql.exec(
      "INSERT OR REPLACE INTO call (slot, id, until, v) VALUES (?, ?, ?, ?)",
      slot,
      callId,
      until,
      JSON.stringify(answer),
    );
  }

  /** Answers expire in about the order they were given, so the search goes round; when the next one still counts, the list grows. */
  #freeSlot(now: number): number {
    if (this.#nextFree >= this.#slots.length) this.#nextFree = 0;
    const candidate = this.#slots[this.#nextFree];
    if (candidate === undefined || candidate.until > now) return this.#slots.length;
    return this.#nextFree++;
  }
}
