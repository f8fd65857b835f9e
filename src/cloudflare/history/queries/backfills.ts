/**
 * @module Backfills: the row that gives a new one its id, whose DAG an id belongs to, and lists.
 */
import { assert } from "../../../lib/assert.ts";
import type { Backfill, BackfillRequest } from "../../../model/backfill.ts";
import type { DagId } from "../../../model/ids.ts";
import { withHistory } from "../history-error.ts";
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

interface BackfillRow {
  readonly backfill_id: number;
  readonly dag_id: string;
  readonly from_date: number;
  readonly to_date: number;
  readonly conf_json: string;
  readonly is_paused: number;
  readonly reprocess_behavior: Backfill["reprocessBehavior"];
  readonly run_backwards: number;
  readonly max_active_runs: number;
  readonly triggering_user: string | null;
  readonly created_at: number;
  readonly updated_at: number;
  readonly completed_at: number | null;
}

const SOURCE: ListSource = {
  columns: "*",
  from: "backfill",
  order: { id: "backfill_id" },
  defaultOrder: ["id"],
  tieBreaker: "backfill_id",
};

/** A new id. The row is no backfill until the DAG's object has taken it over and writes it. */
export async function reserveBackfill(
  db: D1Database,
  dagId: DagId,
  request: BackfillRequest,
  now: number,
): Promise<number> {
  const sql = `INSERT INTO backfill (dag_id, from_date, to_date, reprocess_behavior, max_active_runs, created_at, updated_at)
    VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING backfill_id`;
  const { fromDate, toDate, reprocessBehavior, maxActiveRuns } = request;
  const values = [dagId, fromDate, toDate, reprocessBehavior, maxActiveRuns, now, now];
  const id = await withHistory(() =>
    db
      .prepare(sql)
      .bind(...values)
      .first<number>("backfill_id"),
  );
  assert(id !== null, "an inserted backfill has an id");
  return id;
}

/** The DAG's object has refused it. */
export async function releaseBackfill(db: D1Database, backfillId: number): Promise<void> {
  await withHistory(() => db.prepare("DELETE FROM backfill WHERE backfill_id = ? AND seq = 0").bind(backfillId).run());
}

/** Whose object has it; null for an unknown id. */
export function dagOfBackfill(db: D1Database, backfillId: number): Promise<DagId | null> {
  return withHistory(() =>
    db.prepare("SELECT dag_id FROM backfill WHERE backfill_id = ?").bind(backfillId).first<string>("dag_id"),
  );
}

export async function listBackfills(db: D1Database, dagId: DagId, page: Page): Promise<Listed<Backfill>> {
  const conditions = new Conditions().equals("dag_id", dagId).add("seq > 0");
  const { rows, total } = await listPage<BackfillRow>(db, SOURCE, conditions, page);
  return { rows: rows.map(backfillOf), total };
}

function backfillOf(row: BackfillRow): Backfill {
  return {
    backfillId: row.backfill_id,
    dagId: row.dag_id,
    fromDate: row.from_date,
    toDate: row.to_date,
    runBackwards: row.run_backwards === 1,
    conf: JSON.parse(row.conf_json),
    reprocessBehavior: row.reprocess_behavior,
    maxActiveRuns: row.max_active_runs,
    triggeringUser: row.triggering_user,
    isPaused: row.is_paused === 1,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
    completedAt: row.completed_at,
  };
}
