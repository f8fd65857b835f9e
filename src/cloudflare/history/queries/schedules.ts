/**
 * @module Schedules made at run time: the row that keeps an id for one DAG, whose DAG an id belongs to, and lists by key.
 */
import type { DagId } from "../../../model/ids.ts";
import type { RunSchedule } from "../../../model/run-schedule.ts";
import { withHistory } from "../history-error.ts";
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

const SOURCE: ListSource = {
  columns: "schedule_json",
  from: "schedule",
  order: { id: "schedule_id", next_run: "next_run_at", created_at: "created_at" },
  defaultOrder: ["id"],
  tieBreaker: "schedule_id",
};

/** Keeps the id for the DAG. False when a schedule of another DAG has it; the DAG's own object knows about its own. */
export async function reserveSchedule(db: D1Database, scheduleId: string, dagId: DagId, now: number): Promise<boolean> {
  const sql = `INSERT INTO schedule (schedule_id, dag_id, schedule_json, created_at) VALUES (?, ?, '{}', ?)
    ON CONFLICT (schedule_id) DO UPDATE SET dag_id = excluded.dag_id, is_deleted = 0, seq = 0 WHERE is_deleted = 1`;
  const kept = "SELECT dag_id FROM schedule WHERE schedule_id = ?";
  const [, found] = await withHistory(() =>
    db.batch<{ dag_id: string }>([db.prepare(sql).bind(scheduleId, dagId, now), db.prepare(kept).bind(scheduleId)]),
  );
  return found?.results[0]?.dag_id === dagId;
}

/** The DAG's object has refused it. */
export async function releaseSchedule(db: D1Database, scheduleId: string, dagId: DagId): Promise<void> {
  const sql = "DELETE FROM schedule WHERE schedule_id = ? AND dag_id = ? AND seq = 0";
  await withHistory(() => db.prepare(sql).bind(scheduleId, dagId).run());
}

/** Whose object has it; null for an unknown id. */
export function dagOfSchedule(db: D1Database, scheduleId: string): Promise<DagId | null> {
  return withHistory(() =>
    db.prepare("SELECT dag_id FROM schedule WHERE schedule_id = ?").bind(scheduleId).first<string>("dag_id"),
  );
}

export async function listSchedules(
  db: D1Database,
  filters: { readonly key?: string | undefined; readonly dagId?: DagId | undefined },
  page: Page,
): Promise<Listed<RunSchedule>> {
  const conditions = new Conditions()
    .equals("schedule_key", filters.key)
    .equals("dag_id", filters.dagId)
    .add("is_deleted = 0 AND seq > 0");
  const { rows, total } = await listPage<{ schedule_json: string }>(db, SOURCE, conditions, page);
  return { rows: rows.map((row): RunSchedule => JSON.parse(row.schedule_json)), total };
}
