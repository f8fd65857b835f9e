/**
 * @module Lists of runs across DAGs, and counts by state. One run's own truth is its object; these rows are the mirror.
 */
import { Conditions, listPage } from "./list-query.ts";
import type { Bounds, Listed, ListSource, Page } from "./list-query.ts";
import { withHistory } from "../history-error.ts";

/** A row of `dag_run`. Times epoch ms. */
export interface DagRunRow {
  readonly dag_id: string;
  readonly run_id: string;
  readonly incarnation: string;
  readonly seq: number;
  readonly run_type: string;
  readonly triggered_by: string;
  readonly triggering_user: string | null;
  readonly state: string;
  readonly end_reason: string | null;
  readonly logical_date: number | null;
  readonly data_interval_start: number | null;
  readonly data_interval_end: number | null;
  readonly run_after: number;
  readonly queued_at: number;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly conf_json: string;
  readonly note: string | null;
  readonly backfill_id: string | null;
  readonly generation: number;
  readonly spec_hash: string;
  readonly version_number: number | null;
  readonly updated_at: number;
  readonly dag_display_name: string | null;
}

export interface DagRunFilters {
  /** Empty or absent: all DAGs. */
  readonly dagIds?: readonly string[] | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly runIdPattern?: string | undefined;
  readonly triggeringUserPattern?: string | undefined;
  readonly states?: readonly string[] | undefined;
  readonly runTypes?: readonly string[] | undefined;
  readonly versionNumbers?: readonly number[] | undefined;
  readonly runAfter?: Bounds | undefined;
  readonly logicalDate?: Bounds | undefined;
  readonly startDate?: Bounds | undefined;
  readonly endDate?: Bounds | undefined;
  readonly updatedAt?: Bounds | undefined;
  /** Seconds. */
  readonly duration?: Bounds | undefined;
  readonly confContains?: string | undefined;
}

const DURATION_SECONDS = "((dag_run.ended_at - dag_run.started_at) / 1000.0)";

/** Words of `order_by`. */
export const DAG_RUN_ORDER = {
  id: "dag_run.run_after",
  dag_id: "dag_run.dag_id",
  run_id: "dag_run.run_id",
  dag_run_id: "dag_run.run_id",
  state: "dag_run.state",
  run_type: "dag_run.run_type",
  run_after: "dag_run.run_after",
  logical_date: "dag_run.logical_date",
  queued_at: "dag_run.queued_at",
  start_date: "dag_run.started_at",
  end_date: "dag_run.ended_at",
  updated_at: "dag_run.updated_at",
  conf: "dag_run.conf_json",
  duration: DURATION_SECONDS,
} as const;

const SOURCE: ListSource = {
  columns: "dag_run.*, dag.display_name AS dag_display_name",
  from: "dag_run LEFT JOIN dag ON dag.dag_id = dag_run.dag_id",
  order: DAG_RUN_ORDER,
  neverNull: [DAG_RUN_ORDER.run_after, DAG_RUN_ORDER.dag_id, DAG_RUN_ORDER.run_id, DAG_RUN_ORDER.state],
  defaultOrder: ["run_after"],
  tieBreaker: "dag_run.dag_id, dag_run.run_id",
};

export function listDagRuns(db: D1Database, filters: DagRunFilters, page: Page): Promise<Listed<DagRunRow>> {
  const conditions = new Conditions()
    .oneOf("dag_run.dag_id", filters.dagIds)
    .matches("dag_run.dag_id", filters.dagIdPattern)
    .matches("dag_run.run_id", filters.runIdPattern)
    .matches("dag_run.triggering_user", filters.triggeringUserPattern)
    .oneOf("dag_run.state", filters.states)
    .oneOf("dag_run.run_type", filters.runTypes)
    .oneOf("dag_run.version_number", filters.versionNumbers)
    .within("dag_run.run_after", filters.runAfter)
    .within("dag_run.logical_date", filters.logicalDate)
    .within("dag_run.started_at", filters.startDate)
    .within("dag_run.ended_at", filters.endDate)
    .within("dag_run.updated_at", filters.updatedAt)
    .within(DURATION_SECONDS, filters.duration)
    .matches("dag_run.conf_json", filters.confContains);
  return listPage<DagRunRow>(db, SOURCE, conditions, page);
}

/** Runs by DAG and state, for `dagStats`. DAGs without runs have no entry. */
export function countDagRunsByState(
  db: D1Database,
  dagIds: readonly string[],
): Promise<readonly { readonly dag_id: string; readonly state: string; readonly count: number }[]> {
  const conditions = new Conditions().oneOf("dag_id", dagIds);
  const sql = `SELECT dag_id, state, count(*) AS count FROM dag_run${conditions.where} GROUP BY dag_id, state ORDER BY dag_id, state`;
  return withHistory(async () => {
    const found = await db
      .prepare(sql)
      .bind(...conditions.params)
      .all<{ dag_id: string; state: string; count: number }>();
    return found.results;
  });
}

/** Removes the mirror of a deleted run. */
export async function deleteRunRows(db: D1Database, dagId: string, runId: string): Promise<void> {
  const tables = ["task_instance_try", "task_instance_block", "dag_run"];
  await withHistory(() =>
    db.batch(
      tables.map((table) => db.prepare(`DELETE FROM ${table} WHERE dag_id = ? AND run_id = ?`).bind(dagId, runId)),
    ),
  );
}
