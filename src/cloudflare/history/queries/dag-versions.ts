/**
 * @module Versions of a DAG: a new one for each change of its spec. Its spec is kept by the DAG's object for the last five versions, and by the objects of its runs.
 */
import { withHistory } from "../history-error.ts";
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

export interface DagVersionRow {
  readonly dag_id: string;
  readonly version_number: number;
  readonly spec_hash: string;
  readonly bundle_version: string | null;
  readonly created_at: number;
  readonly dag_display_name: string | null;
}

export interface DagVersionFilters {
  readonly dagIds?: readonly string[] | undefined;
  readonly versionNumber?: number | undefined;
}

export const DAG_VERSION_ORDER = {
  id: "dag_version.created_at",
  version_number: "dag_version.version_number",
  dag_id: "dag_version.dag_id",
  created_at: "dag_version.created_at",
} as const;

const SOURCE: ListSource = {
  columns: "dag_version.*, dag.display_name AS dag_display_name",
  from: "dag_version LEFT JOIN dag ON dag.dag_id = dag_version.dag_id",
  order: DAG_VERSION_ORDER,
  defaultOrder: ["id"],
  tieBreaker: "dag_version.dag_id, dag_version.version_number",
};

export function listDagVersions(
  db: D1Database,
  filters: DagVersionFilters,
  page: Page,
): Promise<Listed<DagVersionRow>> {
  const conditions = new Conditions()
    .oneOf("dag_version.dag_id", filters.dagIds)
    .equals("dag_version.version_number", filters.versionNumber);
  return listPage<DagVersionRow>(db, SOURCE, conditions, page);
}

/** Null when the DAG never had this version. */
export function findDagVersion(db: D1Database, dagId: string, versionNumber: number): Promise<DagVersionRow | null> {
  const sql = `SELECT ${SOURCE.columns} FROM ${SOURCE.from} WHERE dag_version.dag_id = ? AND dag_version.version_number = ?`;
  return withHistory(() => db.prepare(sql).bind(dagId, versionNumber).first<DagVersionRow>());
}

/** The versions that these specs are, in one query; specs that were never deployed are missing in the answer. */
export function findDagVersionsBySpec(
  db: D1Database,
  specs: readonly { readonly dagId: string; readonly specHash: string }[],
): Promise<readonly DagVersionRow[]> {
  const sql = `SELECT ${SOURCE.columns}, max(dag_version.version_number) AS version_number FROM ${SOURCE.from}
    JOIN json_each(?) AS wanted ON dag_version.dag_id = wanted.value ->> 'dagId' AND dag_version.spec_hash = wanted.value ->> 'specHash'
    GROUP BY dag_version.dag_id, dag_version.spec_hash`;
  return withHistory(async () => (await db.prepare(sql).bind(JSON.stringify(specs)).all<DagVersionRow>()).results);
}
