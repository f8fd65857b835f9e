/**
 * @module The tables `backfill` and `backfill_slots`: what was asked for, the planned slots in pages, and the cursor over them.
 */
import type { DagRunInfo } from "../../engine/timetable/base.ts";
import type { Backfill, BackfillProgress } from "../../model/backfill.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { countBackfillRuns } from "./run-rows.ts";
import { text } from "./storage.ts";

/** Slots per row: some 60 kB. */
const PAGE = 1_000;

/** A backfill and how far it is. */
export interface BackfillRow {
  readonly backfill: Backfill;
  /** Logical date of the oldest slot of the range. */
  readonly firstDate: number;
  readonly total: number;
  /** Slots whose turn has come. */
  cursor: number;
  /** Of those, the ones that got no run. */
  skipped: number;
}

export function insertBackfill(sql: Sql, row: BackfillRow, slots: readonly DagRunInfo[]): void {
  const { backfill, firstDate, total, cursor, skipped } = row;
  sql.exec(
    "INSERT INTO backfill (backfill_id, v, is_open, first_date, total, cursor, skipped, seq, mirrored_seq) VALUES (?, ?, 1, ?, ?, ?, ?, 1, 0)",
    backfill.backfillId,
    JSON.stringify(backfill),
    firstDate,
    total,
    cursor,
    skipped,
  );
  for (let page = 0; page * PAGE < slots.length; page++) {
    const packed = slots
      .slice(page * PAGE, (page + 1) * PAGE)
      .map(({ logicalDate, interval, runAfter }) => [logicalDate, interval.start, interval.end, runAfter]);
    sql.exec(
      "INSERT INTO backfill_slots (backfill_id, page, v) VALUES (?, ?, ?)",
      backfill.backfillId,
      page,
      JSON.stringify(packed),
    );
  }
}

/** The planned slots from the cursor to the end of its page. */
export function slotsAhead(sql: Sql, { backfill, cursor }: BackfillRow): readonly DagRunInfo[] {
  const page = Math.floor(cursor / PAGE);
  const query = "SELECT v FROM backfill_slots WHERE backfill_id = ? AND page = ?";
  const row = sql.exec(query, backfill.backfillId, page)[0];
  if (row === undefined) return [];
  const packed: [number, number, number, number][] = JSON.parse(text(row, "v"));
  return packed
    .slice(cursor % PAGE)
    .map(([logicalDate, start, end, runAfter]) => ({ logicalDate, interval: { start, end }, runAfter }));
}

export function moveCursor(sql: Sql, { backfill, cursor, skipped }: BackfillRow): void {
  const query = "UPDATE backfill SET cursor = ?, skipped = ? WHERE backfill_id = ?";
  sql.exec(query, cursor, skipped, backfill.backfillId);
}

/** A change that the history shows. The plan of an ended backfill is not needed any more. */
export function writeBackfill(sql: Sql, backfill: Backfill): void {
  const isOpen = backfill.completedAt === null;
  const query = "UPDATE backfill SET v = ?, is_open = ?, seq = seq + 1 WHERE backfill_id = ?";
  sql.exec(query, JSON.stringify(backfill), Number(isOpen), backfill.backfillId);
  if (!isOpen) sql.exec("DELETE FROM backfill_slots WHERE backfill_id = ?", backfill.backfillId);
}

export function findBackfill(sql: Sql, backfillId: number): BackfillRow | null {
  return first(sql.exec("SELECT * FROM backfill WHERE backfill_id = ?", backfillId));
}

/** The backfill that has not ended; a DAG has one at most. */
export function findOpenBackfill(sql: Sql): BackfillRow | null {
  return first(sql.exec("SELECT * FROM backfill WHERE is_open = 1"));
}

export function progressOf(sql: Sql, { backfill, total, cursor, skipped }: BackfillRow): BackfillProgress {
  // Slots that a cancelled backfill never came to are not left to do.
  const left = backfill.completedAt === null ? total - cursor : 0;
  return { total, left, skipped, ...countBackfillRuns(sql, backfill.backfillId) };
}

/** Backfills that ended at `before` or earlier, that the history knows as they are, and that have no run left; at most `limit`. */
export function backfillsEndedBefore(sql: Sql, before: number, limit: number): readonly number[] {
  const query = `SELECT backfill_id FROM backfill WHERE is_open = 0 AND seq <= mirrored_seq AND v ->> 'completedAt' <= ?
    AND NOT EXISTS (SELECT 1 FROM run WHERE run.backfill_id = backfill.backfill_id) ORDER BY backfill_id LIMIT ?`;
  return sql.exec(query, before, limit).map((row) => Number(row["backfill_id"]));
}

export function deleteBackfill(sql: Sql, backfillId: number): void {
  sql.exec("DELETE FROM backfill WHERE backfill_id = ?", backfillId);
}

/** The history has lost its rows. */
export function oweBackfills(sql: Sql): void {
  sql.exec("UPDATE backfill SET mirrored_seq = -1");
}

/** Rows that the history lacks, and what is to be noted when it has them. */
export function owedBackfills(sql: Sql): { readonly rows: readonly MirrorRow[]; readonly written: () => void } {
  const owed = sql.exec("SELECT backfill_id, v, seq FROM backfill WHERE seq > mirrored_seq ORDER BY backfill_id");
  const note = "UPDATE backfill SET mirrored_seq = max(mirrored_seq, ?) WHERE backfill_id = ?";
  return {
    rows: owed.map(mirrorRow),
    written: () => {
      for (const row of owed) sql.exec(note, row["seq"] ?? 0, row["backfill_id"] ?? 0);
    },
  };
}

function first(rows: readonly SqlRow[]): BackfillRow | null {
  const [row] = rows;
  if (row === undefined) return null;
  const backfill: Backfill = JSON.parse(text(row, "v"));
  return {
    backfill,
    firstDate: Number(row["first_date"]),
    total: Number(row["total"]),
    cursor: Number(row["cursor"]),
    skipped: Number(row["skipped"]),
  };
}

function mirrorRow(row: SqlRow): MirrorRow {
  const backfill: Backfill = JSON.parse(text(row, "v"));
  return {
    backfill_id: backfill.backfillId,
    dag_id: backfill.dagId,
    from_date: backfill.fromDate,
    to_date: backfill.toDate,
    conf_json: JSON.stringify(backfill.conf),
    is_paused: Number(backfill.isPaused),
    reprocess_behavior: backfill.reprocessBehavior,
    run_backwards: Number(backfill.runBackwards),
    max_active_runs: backfill.maxActiveRuns,
    triggering_user: backfill.triggeringUser,
    created_at: backfill.createdAt,
    updated_at: backfill.updatedAt,
    completed_at: backfill.completedAt,
    seq: row["seq"] ?? 0,
  };
}
