/**
 * @module Task instances of other DAGs that wait for runs of this one, by logical date, even of runs not made yet (ExternalTaskSensor).
 *
 * A wake-up is owed from the turn of the change that it tells of (`owed`), and its row stays until it was delivered. Whoever asks again meanwhile raises `asked`,
 * so that the delivery of an older wake-up does not end a newer wait.
 */
import type { RunId } from "../../model/ids.ts";
import type { ObserveRequest, Waiter } from "../../model/protocol.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { text } from "./storage.ts";

/** Made by the first one who waits: most DAGs are waited for by nobody. */
const TABLES = [
  `CREATE TABLE IF NOT EXISTS external_watch (logical_date INTEGER, dag_id TEXT, run_id TEXT, task_id TEXT, map_index INTEGER, task_ids TEXT,
    states TEXT NOT NULL, until INTEGER, asked INTEGER NOT NULL, owed INTEGER NOT NULL, PRIMARY KEY (logical_date, dag_id, run_id, task_id, map_index)) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS external_watch_owed ON external_watch (owed) WHERE owed = 1",
] as const;

/** What changed of a run, as far as those who wait for it are concerned. */
export interface RunChange {
  readonly logicalDate: number | null;
  /** State of the run; null: it did not change. */
  readonly state: string | null;
  readonly instances: readonly { readonly taskId: string; readonly state: string }[];
}

export interface OwedWake extends Waiter {
  readonly logicalDate: number;
  readonly asked: number;
}

/** Wake-ups told in one go. */
const PAGE = 100;
const RETRY_MS = 5_000;
const WAITER = "logical_date = ? AND dag_id = ? AND run_id = ? AND task_id = ? AND map_index = ?";

export class ExternalWatches {
  readonly #sql: Sql;
  #hasTable: boolean | undefined;
  #retryAt = 0;

  constructor(sql: Sql) {
    this.#sql = sql;
  }

  /** Notes the wait for each of its dates. `taskIds`: null for the whole run. */
  put({ waiter, wait, until }: ObserveRequest, taskIds: readonly string[] | null): void {
    this.#open();
    const states = JSON.stringify([...wait.allowedStates, ...wait.failedStates, ...wait.skippedStates]);
    const tasks = taskIds === null ? null : JSON.stringify(taskIds);
    for (const logicalDate of wait.logicalDates)
      this.#sql.exec(
        `INSERT INTO external_watch (logical_date, dag_id, run_id, task_id, map_index, task_ids, states, until, asked, owed) VALUES (?, ?, ?, ?, ?, ?, ?, ?, 0, 0)
         ON CONFLICT DO UPDATE SET task_ids = excluded.task_ids, states = excluded.states, until = excluded.until, asked = asked + 1`,
        ...keyOf({ ...waiter, logicalDate }),
        tasks,
        states,
        until,
      );
  }

  /** Nobody waits any more. */
  delete({ waiter, wait }: ObserveRequest): void {
    if (!this.#exists()) return;
    for (const logicalDate of wait.logicalDates)
      this.#sql.exec(`DELETE FROM external_watch WHERE ${WAITER}`, ...keyOf({ ...waiter, logicalDate }));
  }

  /** Owes a wake-up to those whom the change concerns: inside the transaction, or in the turn, of the change. True when there are any. */
  owe({ logicalDate, state, instances }: RunChange): boolean {
    if (logicalDate === null || !this.#exists()) return false;
    const rows = this.#sql.exec("SELECT * FROM external_watch WHERE logical_date = ? AND owed = 0", logicalDate);
    const concerned = rows.filter((row) => {
      const states: readonly string[] = JSON.parse(text(row, "states"));
      if (row["task_ids"] === null) return state !== null && states.includes(state);
      const tasks: readonly string[] = JSON.parse(text(row, "task_ids"));
      return instances.some((one) => tasks.includes(one.taskId) && states.includes(one.state));
    });
    this.#oweTo(concerned);
    return concerned.length > 0;
  }

  /** A run of this date was made: who waits for its tasks asks again, so that its object knows which ones to tell of. */
  oweAll(logicalDate: number | null): void {
    if (logicalDate === null || !this.#exists()) return;
    this.#oweTo(this.#sql.exec("SELECT * FROM external_watch WHERE logical_date = ? AND owed = 0", logicalDate));
  }

  owed(): readonly OwedWake[] {
    if (!this.#exists()) return [];
    return this.#sql.exec("SELECT * FROM external_watch WHERE owed = 1 LIMIT ?", PAGE).map(wakeOf);
  }

  /** A waiter did not answer: the next try waits a little. */
  failed(now: number): void {
    this.#retryAt = now + RETRY_MS;
  }

  /** When the next wake-up is to be told, epoch ms; null: none is owed. */
  dueAt(): number | null {
    return this.isOwed() ? this.#retryAt : null;
  }

  isOwed(): boolean {
    return this.#exists() && this.#sql.exec("SELECT 1 FROM external_watch WHERE owed = 1 LIMIT 1").length > 0;
  }

  /** The waiter has been told. If it asked again meanwhile, it still waits. */
  told(wake: OwedWake): void {
    this.#sql.transactionSync<void>(() => {
      const key = keyOf(wake);
      this.#sql.exec(`DELETE FROM external_watch WHERE ${WAITER} AND asked = ?`, ...key, wake.asked);
      this.#sql.exec(`UPDATE external_watch SET owed = 0 WHERE ${WAITER} AND owed = 1`, ...key);
    });
  }

  /** Forgets those whose time-out has passed. */
  prune(now: number): void {
    if (this.#exists()) this.#sql.exec("DELETE FROM external_watch WHERE until < ?", now);
  }

  #oweTo(rows: readonly SqlRow[]): void {
    for (const row of rows) this.#sql.exec(`UPDATE external_watch SET owed = 1 WHERE ${WAITER}`, ...keyOf(wakeOf(row)));
  }

  #exists(): boolean {
    this.#hasTable ??=
      this.#sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'external_watch'").length > 0;
    return this.#hasTable;
  }

  #open(): void {
    if (this.#exists()) return;
    for (const table of TABLES) this.#sql.exec(table);
    this.#hasTable = true;
  }
}

function keyOf(wake: Waiter & { readonly logicalDate: number }): [number, string, RunId, string, number] {
  return [wake.logicalDate, wake.dagId, wake.runId, wake.taskId, wake.mapIndex];
}

function wakeOf(row: SqlRow): OwedWake {
  return {
    logicalDate: Number(row["logical_date"]),
    dagId: text(row, "dag_id"),
    runId: text(row, "run_id"),
    taskId: text(row, "task_id"),
    mapIndex: Number(row["map_index"]),
    asked: Number(row["asked"]),
  };
}
