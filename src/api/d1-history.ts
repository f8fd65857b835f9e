/**
 * @module The API's history port over the D1 queries: rows become what the wire schemas take.
 */
import { countDagRunsByState, deleteRunRows, listDagRuns } from "../cloudflare/history/queries/dag-runs.ts";
import { findDagVersion, findDagVersionsBySpec, listDagVersions } from "../cloudflare/history/queries/dag-versions.ts";
import { listDagTags } from "../cloudflare/history/queries/dag-tags.ts";
import { listDags, readDag } from "../cloudflare/history/queries/dags.ts";
import { listImportErrors, readImportError } from "../cloudflare/history/queries/import-errors.ts";
import { listTaskInstances } from "../cloudflare/history/queries/task-instances.ts";
import { readHeartbeats } from "../cloudflare/history/queries/heartbeats.ts";
import type { DagRow as D1DagRow } from "../cloudflare/history/queries/dags.ts";
import type { DagRunRow as D1DagRunRow } from "../cloudflare/history/queries/dag-runs.ts";
import type { DagVersionRow } from "../cloudflare/history/queries/dag-versions.ts";
import type { DagRow, DagRunRow, DagVersion, HistoryPort, ImportErrorRow, TaskInstanceRow } from "./ports.ts";
import type { DagRunTriggeredBy, DagRunType } from "../model/dag-run.ts";
import type { DagRunState, TaskInstanceState } from "../model/state.ts";
import type { ImportErrorRow as D1ImportErrorRow } from "../cloudflare/history/queries/import-errors.ts";
import type { PageRequest } from "./paging.ts";
import type { ScheduleSpec } from "../model/dag-spec.ts";
import type { TaskInstanceRow as D1TaskInstanceRow } from "../cloudflare/history/queries/task-instances.ts";

export function d1History(db: D1Database): HistoryPort {
  return {
    async listDags(filter, page) {
      const { tagsMatch, displayNamePattern, ...same } = filter;
      const filters = { ...same, tagsMatchMode: tagsMatch, dagDisplayNamePattern: displayNamePattern };
      const { rows, total } = await listDags(db, filters, d1Page(page));
      return { rows: await withBundles(db, rows), total };
    },
    async getDag(dagId) {
      const row = await readDag(db, dagId);
      return row === null ? null : ((await withBundles(db, [row]))[0] ?? null);
    },
    async listTags(namePattern, page) {
      const { rows, total } = await listDagTags(db, { namePattern }, d1Page(page));
      return { rows: rows.map((row) => row.name), total };
    },
    async listVersions(dagId, page) {
      const { rows, total } = await listDagVersions(
        db,
        { dagIds: dagId === undefined ? undefined : [dagId] },
        d1Page(page),
      );
      return {
        rows: rows.map((row) => ({ ...versionOf(row), displayName: row.dag_display_name ?? row.dag_id })),
        total,
      };
    },
    async findVersion(dagId, versionNumber) {
      const row = await findDagVersion(db, dagId, versionNumber);
      return row === null ? null : versionOf(row);
    },
    async findVersionOfSpec(dagId, specHash) {
      const row = (await findDagVersionsBySpec(db, [{ dagId, specHash }]))[0];
      return row === undefined ? null : versionOf(row);
    },
    async listRuns({ states, runTypes, ...same }, page) {
      const { rows, total } = await listDagRuns(db, { ...same, states, runTypes }, d1Page(page));
      const versions = await versionsOf(db, rows);
      return { rows: rows.map((row) => runRow(row, versions)), total };
    },
    async listTaskInstances({ operators, states, ...same }, page) {
      const filters = {
        ...same,
        operatorNames: operators,
        states: states?.map((state) => (state === "none" ? null : state)),
      };
      const { rows, total } = await listTaskInstances(db, filters, d1Page(page));
      const versions = await versionsOf(db, rows);
      return { rows: rows.map((row) => instanceRow(row, versions)), total };
    },
    async countRuns(dagIds) {
      const rows = await countDagRunsByState(db, dagIds ?? []);
      return rows.map((row) => ({ dagId: row.dag_id, state: row.state as DagRunState, count: row.count }));
    },
    async listImportErrors(filenamePattern, page) {
      const { rows, total } = await listImportErrors(db, { filenamePattern }, d1Page(page));
      return { rows: rows.map(importErrorRow), total };
    },
    async findImportError(id) {
      const row = await readImportError(db, id);
      return row === null ? null : importErrorRow(row);
    },
    deleteRun: (dagId, runId) => deleteRunRows(db, dagId, runId),
    async heartbeats() {
      const { tickedAt, syncedAt } = await readHeartbeats(db);
      return { tickAt: tickedAt, deployAt: syncedAt };
    },
  };
}

/** A page in the words of the D1 queries. */
export function d1Page(page: PageRequest) {
  return {
    limit: page.limit,
    offset: page.offset,
    orderBy: page.order.map(({ by, descending }) => (descending ? `-${by}` : by)),
  };
}

type Versions = ReadonlyMap<string, DagVersion>;

/** The versions of a page's rows, in one query. */
async function versionsOf(
  db: D1Database,
  rows: readonly { readonly dag_id: string; readonly spec_hash: string | null }[],
): Promise<Versions> {
  const wanted = new Map<string, { dagId: string; specHash: string }>();
  for (const { dag_id: dagId, spec_hash: specHash } of rows) {
    if (specHash !== null) wanted.set(`${dagId}/${specHash}`, { dagId, specHash });
  }
  if (wanted.size === 0) return new Map();
  const found = await findDagVersionsBySpec(db, [...wanted.values()]);
  return new Map(found.map((row) => [`${row.dag_id}/${row.spec_hash}`, versionOf(row)]));
}

function versionOf(row: DagVersionRow): DagVersion {
  return {
    dagId: row.dag_id,
    versionNumber: row.version_number,
    specHash: row.spec_hash,
    bundleVersion: row.bundle_version,
    createdAt: row.created_at,
  };
}

async function withBundles(db: D1Database, rows: readonly D1DagRow[]): Promise<DagRow[]> {
  const versions = await versionsOf(db, rows);
  return rows.map((row) => ({
    dagId: row.dag_id,
    displayName: row.display_name ?? row.dag_id,
    description: row.description,
    isPaused: row.is_paused === 1,
    isStale: row.is_stale === 1,
    hasImportErrors: row.has_import_errors === 1,
    relativeFileloc: row.relative_fileloc,
    owners: row.owners === "" ? ["airflow"] : row.owners.split(", "),
    tags: textList(row.tags_json),
    timetableSummary: row.timetable_summary,
    // Written by our own deploy from a spec.
    timetableKind: row.timetable_kind as ScheduleSpec["kind"],
    maxActiveTasks: row.max_active_tasks,
    maxActiveRuns: row.max_active_runs,
    maxConsecutiveFailedDagRuns: row.max_consecutive_failed_dag_runs,
    hasTaskConcurrencyLimits: row.has_task_concurrency_limits === 1,
    warnings: textList(row.warnings_json),
    specHash: row.spec_hash,
    versionNumber: row.version_number,
    bundleVersion: versions.get(`${row.dag_id}/${row.spec_hash}`)?.bundleVersion ?? null,
    lastParsedAt: row.parsed_at,
    nextLogicalDate: row.next_dagrun_logical_date,
    nextIntervalStart: row.next_dagrun_interval_start,
    nextIntervalEnd: row.next_dagrun_interval_end,
    nextRunAfter: row.next_dagrun_create_after,
    specJson: row.spec_json,
  }));
}

function textList(json: string): readonly string[] {
  const list: unknown = JSON.parse(json);
  return Array.isArray(list) ? list.map(String) : [];
}

function runRow(row: D1DagRunRow, versions: Versions): DagRunRow {
  return {
    run: {
      dagId: row.dag_id,
      runId: row.run_id,
      incarnation: row.incarnation,
      // The mirror writes only values of these types.
      runType: row.run_type as DagRunType,
      triggeredBy: row.triggered_by as DagRunTriggeredBy,
      triggeringUser: row.triggering_user,
      logicalDate: row.logical_date,
      dataIntervalStart: row.data_interval_start,
      dataIntervalEnd: row.data_interval_end,
      runAfter: row.run_after,
      conf: JSON.parse(row.conf_json),
      note: row.note,
      state: row.state as DagRunState,
      queuedAt: row.queued_at,
      startedAt: row.started_at,
      endedAt: row.ended_at,
      lastNow: row.updated_at,
    },
    displayName: row.dag_display_name ?? row.dag_id,
    version: versions.get(`${row.dag_id}/${row.spec_hash}`) ?? null,
  };
}

function instanceRow(row: D1TaskInstanceRow, versions: Versions): TaskInstanceRow {
  return {
    view: {
      taskId: row.task_id,
      mapIndex: row.map_index,
      state: (row.state ?? "none") as TaskInstanceState,
      tryNumber: row.try_number,
      maxTries: row.max_tries,
      scheduledAt: row.scheduled_at ?? 0,
      queuedAt: row.queued_at ?? 0,
      startedAt: row.started_at ?? 0,
      endedAt: row.ended_at ?? 0,
      note: row.note,
      renderedMapIndex: row.rendered_map_index,
    },
    run: {
      dagId: row.dag_id,
      runId: row.run_id,
      incarnation: row.incarnation,
      logicalDate: row.logical_date,
      runAfter: row.run_after,
    },
    task: {
      displayName: null,
      pool: row.pool ?? "default_pool",
      poolSlots: row.pool_slots ?? 1,
      queue: row.queue ?? "default",
      priorityWeight: row.priority_weight ?? 1,
      operatorName: row.operator_name ?? "",
    },
    displayName: row.dag_display_name ?? row.dag_id,
    version: row.spec_hash === null ? null : (versions.get(`${row.dag_id}/${row.spec_hash}`) ?? null),
  };
}

function importErrorRow(row: D1ImportErrorRow): ImportErrorRow {
  return { id: row.import_error_id, filename: row.filename, message: row.message, seenAt: row.at };
}
