/**
 * @module Lists and reads of DAGs.
 */
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";
import { withHistory } from "../history-error.ts";

/** A row of `dag` with its tags. Flags are 0 or 1, times epoch ms. */
export interface DagRow {
  readonly dag_id: string;
  readonly display_name: string | null;
  readonly description: string | null;
  readonly is_paused: number;
  readonly is_stale: number;
  readonly has_import_errors: number;
  readonly relative_fileloc: string;
  /** Distinct owners joined by `, `. */
  readonly owners: string;
  readonly timetable_summary: string | null;
  readonly timetable_kind: string;
  readonly max_active_tasks: number;
  readonly max_active_runs: number;
  readonly max_consecutive_failed_dag_runs: number;
  readonly has_task_concurrency_limits: number;
  /** JSON list of sentences. */
  readonly warnings_json: string;
  readonly spec_hash: string;
  /** Null when it is too large for a row: `readSpec(env.OBJECTS, spec_hash)`. */
  readonly spec_json: string | null;
  readonly version_number: number;
  /** Of the last deploy that had it. */
  readonly parsed_at: number;
  readonly next_dagrun_logical_date: number | null;
  readonly next_dagrun_interval_start: number | null;
  readonly next_dagrun_interval_end: number | null;
  readonly next_dagrun_create_after: number | null;
  /** JSON list of tag names, sorted. */
  readonly tags_json: string;
}

export interface DagFilters {
  readonly dagIds?: readonly string[] | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly tagsMatchMode?: "any" | "all" | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly dagDisplayNamePattern?: string | undefined;
  readonly paused?: boolean | undefined;
  readonly excludeStale?: boolean | undefined;
  readonly hasImportErrors?: boolean | undefined;
  /** State of the newest run by `run_after`. */
  readonly lastDagRunState?: string | undefined;
}

/** Words of `order_by`. */
export const DAG_ORDER = {
  dag_id: "dag.dag_id",
  dag_display_name: "coalesce(dag.display_name, dag.dag_id)",
  next_dagrun: "dag.next_dagrun_create_after",
  next_dagrun_run_after: "dag.next_dagrun_create_after",
  last_run_state: "(SELECT r.state FROM dag_run r WHERE r.dag_id = dag.dag_id ORDER BY r.run_after DESC LIMIT 1)",
  last_run_start_date:
    "(SELECT r.started_at FROM dag_run r WHERE r.dag_id = dag.dag_id ORDER BY r.run_after DESC LIMIT 1)",
} as const;

// A deploy has looked at each of its DAGs, but writes only those that it changed.
const PARSED_AT = `iif(dag.is_stale = 0 AND dag.has_import_errors = 0,
  max(dag.last_parsed_at, coalesce((SELECT synced_at FROM deployment WHERE id = 1), 0)), dag.last_parsed_at)`;
const COLUMNS = `dag.*, ${PARSED_AT} AS parsed_at,
  (SELECT json_group_array(name) FROM (SELECT name FROM dag_tag WHERE dag_tag.dag_id = dag.dag_id ORDER BY name)) AS tags_json`;

const SOURCE: ListSource = {
  columns: COLUMNS,
  from: "dag",
  order: DAG_ORDER,
  defaultOrder: ["dag_id"],
  tieBreaker: "dag.dag_id",
};

export function listDags(db: D1Database, filters: DagFilters, page: Page): Promise<Listed<DagRow>> {
  const conditions = new Conditions()
    .oneOf("dag.dag_id", filters.dagIds)
    .matches("dag.dag_id", filters.dagIdPattern)
    .matches("coalesce(dag.display_name, dag.dag_id)", filters.dagDisplayNamePattern)
    .equals("dag.is_paused", filters.paused)
    .equals("dag.has_import_errors", filters.hasImportErrors)
    .equals(DAG_ORDER.last_run_state, filters.lastDagRunState);
  if (filters.excludeStale === true) conditions.add("dag.is_stale = 0");
  addTags(conditions, filters);
  if (filters.owners !== undefined && filters.owners.length > 0) {
    conditions.add(
      "EXISTS (SELECT 1 FROM json_each(?) AS o WHERE instr(', ' || dag.owners || ',', ', ' || o.value || ',') > 0)",
      JSON.stringify(filters.owners),
    );
  }
  return listPage<DagRow>(db, SOURCE, conditions, page);
}

/** Null when no DAG with this id was ever deployed. */
export function readDag(db: D1Database, dagId: string): Promise<DagRow | null> {
  return withHistory(() => db.prepare(`SELECT ${COLUMNS} FROM dag WHERE dag_id = ?`).bind(dagId).first<DagRow>());
}

function addTags(conditions: Conditions, { tags, tagsMatchMode }: DagFilters): void {
  if (tags === undefined || tags.length === 0) return;
  const matching =
    "(SELECT count(*) FROM dag_tag WHERE dag_tag.dag_id = dag.dag_id AND name IN (SELECT value FROM json_each(?)))";
  const wanted = new Set(tags);
  conditions.add(`${matching} >= ?`, JSON.stringify([...wanted]), tagsMatchMode === "all" ? wanted.size : 1);
}
