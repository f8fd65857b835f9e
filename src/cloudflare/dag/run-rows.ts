/**
 * @module The `run` table: every run of the DAG in short, unique by id and by logical date.
 */
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { Pending, text } from "./storage.ts";
import type { DagRunType } from "../../model/dag-run.ts";
import type { RunId } from "../../model/ids.ts";
import type { DagRunRecord } from "../../model/protocol.ts";
import type { DagRunState } from "../../model/state.ts";

/** A run as the DAG's object knows it. `pending` holds `Pending` bits, `checkAt` is when an open run is looked at. */
export interface RunRow extends DagRunRecord {
  readonly pending: number;
  readonly checkAt: number | null;
  readonly callId: string;
  /** The backfill whose slot the run has. */
  readonly backfillId: number | null;
  /** Null while it is under way. */
  readonly endedAt: number | null;
}

/** Until then the run's object must have confirmed an order. No open run is looked at sooner after a change of its row. */
export const CONFIRM_MS = 30_000;

const RUN_TYPES: readonly DagRunType[] = ["manual", "scheduled", "backfill", "asset_triggered"];
const RUN_STATES: readonly DagRunState[] = ["queued", "running", "success", "failed"];
const OPEN = "state IN ('queued', 'running')";
/** Named with the condition of the index of open runs: by the state alone SQLite does not know that the index has them all, and reads every run. */
const QUEUED = `${OPEN} AND state = 'queued'`;
const RUNNING = `${OPEN} AND state = 'running'`;
/** Ended, and their objects are still to be looked after. */
const OWING = "state IN ('success', 'failed') AND check_at IS NOT NULL";

function rowOf(row: SqlRow): RunRow {
  return {
    runId: text(row, "run_id"),
    incarnation: text(row, "incarnation"),
    runType: RUN_TYPES.find((type) => type === row["run_type"]) ?? "manual",
    logicalDate: numberOrNull(row, "logical_date"),
    runAfter: Number(row["run_after"]),
    state: RUN_STATES.find((state) => state === row["state"]) ?? "failed",
    pending: Number(row["pending"]),
    checkAt: numberOrNull(row, "check_at"),
    callId: text(row, "call_id"),
    backfillId: numberOrNull(row, "backfill_id"),
    endedAt: numberOrNull(row, "ended_at"),
  };
}

function numberOrNull(row: SqlRow, column: string): number | null {
  const value = row[column];
  return typeof value === "number" ? value : null;
}

function first(rows: readonly SqlRow[]): RunRow | null {
  return rows[0] === undefined ? null : rowOf(rows[0]);
}

/** `pendingHead`: what the run's object needs to exist. Throws the database's error when the id or the logical date is taken: callers look first, in the same turn. */
export function insertRun(sql: Sql, run: RunRow, pendingHead: string | null): void {
  sql.exec(
    "INSERT INTO run (run_id, incarnation, run_type, logical_date, run_after, state, pending, check_at, call_id, backfill_id, ended_at, head) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    run.runId,
    run.incarnation,
    run.runType,
    run.logicalDate,
    run.runAfter,
    run.state,
    run.pending,
    run.checkAt,
    run.callId,
    run.backfillId,
    run.endedAt,
    pendingHead,
  );
}

export function findRun(sql: Sql, runId: RunId): RunRow | null {
  return first(sql.exec("SELECT * FROM run WHERE run_id = ?", runId));
}

export function findRunByLogicalDate(sql: Sql, logicalDate: number): RunRow | null {
  return first(sql.exec("SELECT * FROM run WHERE logical_date = ?", logicalDate));
}

/** The run before a logical date; `automatedOnly`: made by the schedule or a backfill. */
export function findRunBefore(sql: Sql, logicalDate: number, automatedOnly: boolean): RunRow | null {
  const kind = automatedOnly ? " AND run_type IN ('scheduled', 'backfill')" : "";
  return first(
    sql.exec(`SELECT * FROM run WHERE logical_date < ?${kind} ORDER BY logical_date DESC LIMIT 1`, logicalDate),
  );
}

export function updateRun(
  sql: Sql,
  runId: RunId,
  change: Partial<Pick<RunRow, "state" | "pending" | "checkAt" | "endedAt">>,
): void {
  // One statement: each costs a row written, and one more for the index when the state changes. What made the run goes once its object exists.
  const { state, pending, checkAt, endedAt } = change;
  const given = (value: unknown): number => Number(value !== undefined);
  sql.exec(
    "UPDATE run SET state = iif(?, ?, state), pending = iif(?, ?, pending), check_at = iif(?, ?, check_at), ended_at = iif(?, ?, ended_at), head = iif(?, NULL, head) WHERE run_id = ?",
    given(state),
    state ?? null,
    given(pending),
    pending ?? null,
    given(checkAt),
    checkAt ?? null,
    given(endedAt),
    endedAt ?? null,
    Number(pending !== undefined && (pending & Pending.CREATE) === 0),
    runId,
  );
}

export function deleteRun(sql: Sql, runId: RunId): void {
  sql.exec("DELETE FROM run WHERE run_id = ?", runId);
}

/**
 * Runs in a state, by whether they belong to a backfill: each kind has its own `max_active_runs`. Counted up to `atMost`: with thousands that wait,
 * a limit of 16 costs 16 rows.
 */
export function countRuns(sql: Sql, states: "running" | "open", backfill: boolean, atMost: number): number {
  const state = states === "running" ? RUNNING : OPEN;
  const kind = `run_type ${backfill ? "=" : "<>"} 'backfill'`;
  const query = `SELECT count(*) AS n FROM (SELECT 1 FROM run WHERE ${state} AND ${kind} LIMIT ?)`;
  return Number(sql.exec(query, atMost)[0]?.["n"]);
}

/** All runs that are not over. */
export function countOpenRuns(sql: Sql): number {
  return Number(sql.exec(`SELECT count(*) AS n FROM run WHERE ${OPEN}`)[0]?.["n"]);
}

/** Whether any run is not over. */
export function hasOpenRuns(sql: Sql): boolean {
  return sql.exec(`SELECT 1 FROM run WHERE ${OPEN} LIMIT 1`).length > 0;
}

/** Runs of the DAG's own schedule that are not over; `atMost` of them. */
export function openScheduledRuns(sql: Sql, atMost: number): readonly RunRow[] {
  const sqlText = `SELECT * FROM run WHERE ${OPEN} AND run_type = 'scheduled' AND logical_date IS NOT NULL LIMIT ?`;
  return sql.exec(sqlText, atMost).map(rowOf);
}

/** Runs of one backfill, by state. */
export function countBackfillRuns(sql: Sql, backfillId: number): Readonly<Record<DagRunState, number>> {
  const counts = { queued: 0, running: 0, success: 0, failed: 0 };
  for (const row of sql.exec("SELECT state, count(*) AS n FROM run WHERE backfill_id = ? GROUP BY state", backfillId)) {
    const state = RUN_STATES.find((known) => known === row["state"]);
    if (state !== undefined) counts[state] = Number(row["n"]);
  }
  return counts;
}

/** Runs of one backfill that are running, or not over; counted up to `atMost`. */
export function countOpenOf(sql: Sql, backfillId: number, states: "running" | "open", atMost: number): number {
  const state = states === "running" ? RUNNING : OPEN;
  // The + keeps to the index of open runs: a backfill's ended ones may be thousands.
  const query = `SELECT count(*) AS n FROM (SELECT 1 FROM run WHERE ${state} AND +backfill_id = ? LIMIT ?)`;
  return Number(sql.exec(query, backfillId, atMost)[0]?.["n"]);
}

/** An ended run runs again for a backfill: it is a backfill's run from now on. */
export function adoptRun(sql: Sql, runId: RunId, backfillId: number, pending: number, checkAt: number): void {
  sql.exec(
    "UPDATE run SET run_type = 'backfill', backfill_id = ?, state = 'running', pending = ?, check_at = ?, ended_at = NULL WHERE run_id = ?",
    backfillId,
    pending,
    checkAt,
    runId,
  );
}

/** State by logical date of the runs between two dates. */
export function statesBetween(sql: Sql, gte: number, lte: number): ReadonlyMap<number, DagRunState> {
  const rows = sql.exec("SELECT * FROM run WHERE logical_date >= ? AND logical_date <= ?", gte, lte).map(rowOf);
  return new Map(rows.map((run) => [run.logicalDate ?? 0, run.state]));
}

/** Whether any run waits for its turn. */
export function hasQueuedRuns(sql: Sql): boolean {
  return sql.exec(`SELECT 1 FROM run WHERE ${QUEUED} LIMIT 1`).length > 0;
}

/** Queued runs, oldest `run_after` first. */
export function queuedRuns(sql: Sql, backfill: boolean, limit: number): readonly RunRow[] {
  const sqlText = `SELECT * FROM run WHERE ${QUEUED} AND run_type ${backfill ? "=" : "<>"} 'backfill' ORDER BY run_after, run_id LIMIT ?`;
  return sql.exec(sqlText, limit).map(rowOf);
}

/** Runs whose look is due: open ones and ended ones that owe something, earliest first. */
export function runsToCheck(sql: Sql, now: number, limit: number): readonly RunRow[] {
  const due = (which: string): string => `SELECT * FROM run WHERE ${which} AND check_at <= ?1`;
  return sql.exec(`${due(OPEN)} UNION ALL ${due(OWING)} ORDER BY check_at LIMIT ?2`, now, limit).map(rowOf);
}

/** When the next run is looked at; null when none is to be. */
export function nextCheckAt(sql: Sql): number | null {
  const next = (which: string): string => `SELECT min(check_at) AS at FROM run WHERE ${which}`;
  const row = sql.exec(`SELECT min(at) AS at FROM (${next(OPEN)} UNION ALL ${next(OWING)})`)[0];
  return row === undefined ? null : numberOrNull(row, "at");
}

/** When the next queued run that is made for later becomes due; null when none is. */
export function nextQueuedAt(sql: Sql, now: number): number | null {
  const row = sql.exec(`SELECT min(run_after) AS at FROM run WHERE ${QUEUED} AND run_after > ?`, now)[0];
  return row === undefined ? null : numberOrNull(row, "at");
}

/** Runs by id behind `after` and up to `upTo`. */
export function pageOfRuns(sql: Sql, after: RunId | null, upTo: RunId | null, limit: number): readonly RunRow[] {
  const sqlText = "SELECT * FROM run WHERE run_id > ? AND (? IS NULL OR run_id <= ?) ORDER BY run_id LIMIT ?";
  return sql.exec(sqlText, after ?? "", upTo, upTo, limit).map(rowOf);
}

/** The newest run that schedule or backfill made; null without one. */
export function newestAutomatedRun(sql: Sql): RunId | null {
  return findRunBefore(sql, Number.MAX_SAFE_INTEGER, true)?.runId ?? null;
}

/** Runs with a logical date, newest first. */
export function listRuns(sql: Sql, gte: number, lte: number, limit: number): readonly RunRow[] {
  const sqlText = "SELECT * FROM run WHERE logical_date >= ? AND logical_date <= ? ORDER BY logical_date DESC LIMIT ?";
  return sql.exec(sqlText, gte, lte, limit).map(rowOf);
}
