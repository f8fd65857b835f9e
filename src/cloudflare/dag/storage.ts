/**
 * @module The tables of one DAG's storage, and the SQL of its state, the specs of its versions and the calls it must answer again. Runs, watchers,
 * durations, backfills and schedules have files of their own.
 *
 * `run` has a unique logical date, so that no two runs share one. Its `head`, or when that is long `pending_create`, holds what the run's
 * object needs to exist until it has answered.
 */
import { assert } from "../../lib/assert.ts";
import { chunksOf } from "../dag-run/chunks.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { specOfText } from "../spec-texts.ts";
import { specText } from "../../model/spec-text.ts";
import { parseDagState } from "./dag-state.ts";
import type { DagState } from "./dag-state.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunId, SpecHash } from "../../model/ids.ts";

/** Version of the tables. A reader accepts its own and those before, and upgrades in place. */
export const STORAGE_VERSION = 4;
/** Characters per chunk: at most 4 bytes each stays well below the platform's row limit. */
const CHUNK_CHARACTERS = 200_000;
/** Heads up to this long are part of the run's row; only a large conf makes one longer. */
const HEAD_CHARACTERS_MAX = 20_000;
/** Specs kept: the newest for new runs, some older ones for the names of tasks in rows of runs in flight. */
const SPECS_KEPT = 5;

const META = { version: 0, state: 1 } as const;

const TABLES = [
  "CREATE TABLE meta (k INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  "CREATE TABLE spec (version INTEGER, i INTEGER, hash TEXT NOT NULL, v TEXT NOT NULL, PRIMARY KEY (version, i)) WITHOUT ROWID",
  `CREATE TABLE run (run_id TEXT PRIMARY KEY, incarnation TEXT NOT NULL, run_type TEXT NOT NULL, logical_date INTEGER, run_after INTEGER NOT NULL,
    state TEXT NOT NULL, pending INTEGER NOT NULL, check_at INTEGER, call_id TEXT NOT NULL) WITHOUT ROWID`,
  "CREATE UNIQUE INDEX run_logical_date ON run (logical_date) WHERE logical_date IS NOT NULL",
  "CREATE INDEX run_open ON run (state, run_after) WHERE state IN ('queued', 'running')",
  "CREATE TABLE pending_create (run_id TEXT, i INTEGER, v TEXT NOT NULL, PRIMARY KEY (run_id, i)) WITHOUT ROWID",
  "CREATE TABLE call (id TEXT PRIMARY KEY, run_id TEXT NOT NULL, at INTEGER NOT NULL) WITHOUT ROWID",
  `CREATE TABLE watch (run_id TEXT, watch_id TEXT, awaited TEXT NOT NULL, task_id TEXT NOT NULL, downstream TEXT NOT NULL, ignore_first INTEGER NOT NULL,
    PRIMARY KEY (run_id, watch_id)) WITHOUT ROWID`,
  "CREATE INDEX watch_awaited ON watch (awaited)",
  "CREATE TABLE duration (block INTEGER PRIMARY KEY, v TEXT NOT NULL)",
] as const;

/** From version 1 to 2: backfills and schedules. */
const TABLES_OF_2 = [
  "ALTER TABLE run ADD COLUMN backfill_id INTEGER",
  "CREATE INDEX run_backfill ON run (backfill_id) WHERE backfill_id IS NOT NULL",
  `CREATE TABLE backfill (backfill_id INTEGER PRIMARY KEY, v TEXT NOT NULL, is_open INTEGER NOT NULL, first_date INTEGER NOT NULL, total INTEGER NOT NULL,
    cursor INTEGER NOT NULL, skipped INTEGER NOT NULL, seq INTEGER NOT NULL, mirrored_seq INTEGER NOT NULL)`,
  "CREATE TABLE backfill_slots (backfill_id INTEGER, page INTEGER, v TEXT NOT NULL, PRIMARY KEY (backfill_id, page)) WITHOUT ROWID",
  `CREATE TABLE schedule (schedule_id TEXT PRIMARY KEY, next_at INTEGER, is_deleted INTEGER NOT NULL, v TEXT NOT NULL, seq INTEGER NOT NULL,
    mirrored_seq INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE INDEX schedule_next_at ON schedule (next_at) WHERE next_at IS NOT NULL",
  "CREATE INDEX schedule_owed ON schedule (seq) WHERE seq > mirrored_seq",
] as const;

/** From version 2 to 3: when a run ended, and what is remembered of removed ones. */
const TABLES_OF_3 = [
  "ALTER TABLE run ADD COLUMN ended_at INTEGER",
  "CREATE TABLE removed_run (incarnation TEXT PRIMARY KEY, logical_date INTEGER, at INTEGER NOT NULL) WITHOUT ROWID",
  "CREATE INDEX removed_run_logical_date ON removed_run (logical_date) WHERE logical_date IS NOT NULL",
  "CREATE INDEX run_owing ON run (check_at) WHERE state IN ('success', 'failed') AND check_at IS NOT NULL",
] as const;

/** From version 3 to 4: what a run's object needs to exist is part of the run's row, unless it is long. */
const TABLES_OF_4 = ["ALTER TABLE run ADD COLUMN head TEXT"] as const;

/** Tables by the version that brought them. */
const STEPS = [TABLES, TABLES_OF_2, TABLES_OF_3, TABLES_OF_4] as const;

/** What of a run the object acts on next. Bits. */
export const Pending = {
  /** The run's object has not confirmed that it exists. */
  CREATE: 1,
  /** The run was queued and may start; its object has not confirmed the order. */
  START: 2,
  /** The run had ended and runs again for a backfill; its object has not confirmed the order. */
  REPROCESS: 4,
  /** The run is to be cancelled; its object has not confirmed the order. */
  CANCEL: 8,
  /** The run is to be removed; its object may have forgotten it already. */
  REMOVE: 16,
} as const;

/** Brings the tables of an older deploy up to date; an object without tables stays without. Throws an `InvariantError` for those of a newer deploy. */
export function upgradeStorage(sql: Sql): void {
  if (!hasStorage(sql)) return;
  const version = Number(sql.exec("SELECT v FROM meta WHERE k = ?", META.version)[0]?.["v"]);
  assert(
    version <= STORAGE_VERSION,
    `this DAG's storage has version ${version}, the deployed code reads ${STORAGE_VERSION}`,
  );
  if (version === STORAGE_VERSION) return;
  sql.transactionSync(() => {
    for (const table of STEPS.slice(version).flat()) sql.exec(table);
    sql.exec("UPDATE meta SET v = ? WHERE k = ?", String(STORAGE_VERSION), META.version);
  });
}

/** Creates the tables of a new object. */
export function openStorage(sql: Sql): void {
  if (hasStorage(sql)) return;
  sql.transactionSync(() => {
    for (const table of STEPS.flat()) sql.exec(table);
    sql.exec("INSERT INTO meta (k, v) VALUES (?, ?)", META.version, String(STORAGE_VERSION));
  });
}

/** True when the object has tables: reading a DAG that does not exist must not create storage. */
export function hasStorage(sql: Sql): boolean {
  return sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'").length > 0;
}

export function readState(sql: Sql): DagState | null {
  const row = sql.exec("SELECT v FROM meta WHERE k = ?", META.state)[0];
  return row === undefined ? null : parseDagState(text(row, "v"));
}

export function writeState(sql: Sql, state: DagState): void {
  sql.exec(
    "INSERT INTO meta (k, v) VALUES (?, ?) ON CONFLICT (k) DO UPDATE SET v = excluded.v",
    META.state,
    JSON.stringify(state),
  );
}

// ---- specs ----

export function writeSpec(sql: Sql, version: number, specHash: SpecHash, spec: DagSpec): void {
  chunksOf(specText(spec), CHUNK_CHARACTERS).forEach((chunk, i) => {
    sql.exec("INSERT OR REPLACE INTO spec (version, i, hash, v) VALUES (?, ?, ?, ?)", version, i, specHash, chunk);
  });
  sql.exec("DELETE FROM spec WHERE version <= ?", version - SPECS_KEPT);
}

/** A spec as its text, and as which version of the DAG it is kept. */
export interface StoredSpec {
  readonly version: number;
  readonly spec: DagSpec;
  readonly text: string;
}

/** The newest version of a spec; null when it is no longer kept. */
export function readSpec(sql: Sql, specHash: SpecHash): StoredSpec | null {
  const rows = sql.exec(
    "SELECT version, v FROM spec WHERE version = (SELECT max(version) FROM spec WHERE hash = ?) ORDER BY i",
    specHash,
  );
  const [first] = rows;
  if (first === undefined) return null;
  const stored = rows.map((row) => text(row, "v")).join("");
  return { version: Number(first["version"]), spec: specOfText(stored), text: stored };
}

/** Versions whose specs are still kept, oldest first. */
export function keptVersions(sql: Sql): readonly { readonly versionNumber: number; readonly specHash: SpecHash }[] {
  return sql
    .exec("SELECT DISTINCT version, hash FROM spec ORDER BY version")
    .map((row) => ({ versionNumber: Number(row["version"]), specHash: text(row, "hash") }));
}

// ---- what a run's object needs to exist ----

/** The head for the run's own row; null when it is too long for it and was written apart. */
export function writePendingCreate(sql: Sql, head: DagRunHead): string | null {
  const headText = JSON.stringify(head);
  if (headText.length <= HEAD_CHARACTERS_MAX) return headText;
  chunksOf(headText, CHUNK_CHARACTERS).forEach((chunk, i) => {
    sql.exec("INSERT INTO pending_create (run_id, i, v) VALUES (?, ?, ?)", head.runId, i, chunk);
  });
  return null;
}

export function readPendingCreate(sql: Sql, runId: RunId): DagRunHead | null {
  const own = sql.exec("SELECT head FROM run WHERE run_id = ?", runId)[0]?.["head"];
  const rows =
    typeof own === "string"
      ? [own]
      : sql.exec("SELECT v FROM pending_create WHERE run_id = ? ORDER BY i", runId).map((row) => text(row, "v"));
  if (rows.length === 0) return null;
  const head: DagRunHead = JSON.parse(rows.join(""));
  return head;
}

/** Of a head apart; the one in the run's row goes with the bit `CREATE`. */
export function deletePendingCreate(sql: Sql, runId: RunId): void {
  sql.exec("DELETE FROM pending_create WHERE run_id = ?", runId);
}

// ---- calls without a run id: their repeat must give the same run ----

export function writeCall(sql: Sql, callId: string, runId: RunId, at: number): void {
  sql.exec("INSERT OR REPLACE INTO call (id, run_id, at) VALUES (?, ?, ?)", callId, runId, at);
}

export function readCall(sql: Sql, callId: string): RunId | null {
  const row = sql.exec("SELECT run_id FROM call WHERE id = ?", callId)[0];
  return row === undefined ? null : text(row, "run_id");
}

export function deleteCallsBefore(sql: Sql, at: number): void {
  sql.exec("DELETE FROM call WHERE at < ?", at);
}

/** A text column of a row. */
export function text(row: SqlRow, column: string): string {
  return String(row[column]);
}
