/**
 * @module Answers of state-changing calls by `callId`, kept until the lease ends, so that a repeated call gets the answer of the first one.
 *
 * A few small ones are kept in the row that every commit rewrites; more of them in rows that are used again once they expired: a call writes one row
 * at most and deletes none. What is stored is small: tokens, not the batch with its XComs, which is built again from the rows.
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

/** An answer in the row of every commit. */
export interface KeptAnswer {
  readonly id: string;
  readonly until: number;
  readonly answer: StoredAnswer;
}

interface Slot {
  id: string;
  until: number;
}

/** Answers in the row of every commit, and stored characters of one: more would make each commit longer. */
const KEPT_MAX = 8;
const KEPT_CHARACTERS_MAX = 500;

export class CallAnswers {
  readonly #sql: Sql;
  #kept: readonly KeptAnswer[];
  readonly #slots: Slot[] = [];
  readonly #slotById = new Map<string, number>();
  #nextFree = 0;

  /** `kept`: what the row of the last commit has. */
  constructor(sql: Sql, kept: readonly KeptAnswer[]) {
    this.#sql = sql;
    this.#kept = kept;
    for (const row of sql.exec("SELECT slot, id, until FROM call ORDER BY slot")) {
      const slot = Number(row["slot"]);
      this.#slots[slot] = { id: String(row["id"]), until: Number(row["until"]) };
      this.#slotById.set(String(row["id"]), slot);
    }
  }

  /** For the row of the next commit. */
  get kept(): readonly KeptAnswer[] {
    return this.#kept;
  }

  get(callId: string): StoredAnswer | undefined {
    const kept = this.#kept.find(({ id }) => id === callId);
    if (kept !== undefined) return kept.answer;
    const slot = this.#slotById.get(callId);
    if (slot === undefined) return undefined;
    const value = this.#sql.exec("SELECT v FROM call WHERE slot = ?", slot)[0]?.["v"];
    return typeof value === "string" ? (JSON.parse(value) as StoredAnswer) : undefined;
  }

  /** Inside the transaction of the call's event, before its row is written. */
  put(callId: string, answer: StoredAnswer, now: number, until: number): void {
    const text = JSON.stringify(answer);
    const valid = this.#kept.filter((kept) => kept.until > now);
    if (text.length <= KEPT_CHARACTERS_MAX && valid.length < KEPT_MAX) {
      this.#kept = [...valid, { id: callId, until, answer }];
      return;
    }
    const slot = this.#freeSlot(now);
    const old = this.#slots[slot];
    if (old !== undefined) this.#slotById.delete(old.id);
    this.#slots[slot] = { id: callId, until };
    this.#slotById.set(callId, slot);
    this.#sql.exec("INSERT OR REPLACE INTO call (slot, id, until, v) VALUES (?, ?, ?, ?)", slot, callId, until, text);
  }

  /** Answers expire in about the order they were given, so the search goes round; when the next one still counts, the list grows. */
  #freeSlot(now: number): number {
    if (this.#nextFree >= this.#slots.length) this.#nextFree = 0;
    const candidate = this.#slots[this.#nextFree];
    if (candidate === undefined || candidate.until > now) return this.#slots.length;
    return this.#nextFree++;
  }
}
