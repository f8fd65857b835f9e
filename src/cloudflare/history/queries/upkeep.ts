/**
 * @module The history's part in its own upkeep: what is due, which rows a page of runs has, and the removal of rows nobody needs any more.
 */
import type { DagId, Incarnation, RunId, SpecHash } from "../../../model/ids.ts";
import { withHistory } from "../history-error.ts";

/** The deployment's own row. */
export const DEPLOYMENT: DagId = "";

const DAY_MS = 24 * 3_600_000;
/** Rows of the event log per statement. */
const EVENT_LOGS = 1_000;

/** A run as the history has it. */
export interface RunInHistory {
  readonly run_id: RunId;
  readonly incarnation: Incarnation;
  readonly state: string;
  readonly ended_at: number | null;
}

/** Whose upkeep is due. They are due again at `until`, should nobody finish it: what was cut short goes on then. */
export async function takeDueUpkeep(
  db: D1Database,
  now: number,
  until: number,
  limit: number,
): Promise<readonly DagId[]> {
  const due = "SELECT dag_id FROM upkeep WHERE due_at <= ? ORDER BY due_at LIMIT ?";
  const take = "UPDATE upkeep SET due_at = ? WHERE dag_id IN (SELECT value FROM json_each(?))";
  return await withHistory(async () => {
    const { results } = await db.prepare(due).bind(now, limit).all<{ dag_id: DagId }>();
    const dagIds = results.map((row) => row.dag_id);
    if (dagIds.length > 0) await db.prepare(take).bind(until, JSON.stringify(dagIds)).run();
    return dagIds;
  });
}

/** Behind which run the upkeep of a DAG goes on; null: at the first. */
export function upkeepPlace(db: D1Database, dagId: DagId): Promise<RunId | null> {
  const query = "SELECT after_run_id FROM upkeep WHERE dag_id = ?";
  return withHistory(() => db.prepare(query).bind(dagId).first<RunId | null>("after_run_id"));
}

/** Notes how far the upkeep of a DAG has come, and when it is due again. */
export async function noteUpkeep(db: D1Database, dagId: DagId, after: RunId | null, dueAt: number): Promise<void> {
  const sql = "UPDATE upkeep SET after_run_id = ?, due_at = ? WHERE dag_id = ?";
  await withHistory(() => db.prepare(sql).bind(after, dueAt, dagId).run());
}

/** DAGs that have no upkeep yet get their first within a day, each at a time of its own. */
export async function enrolDags(db: D1Database, now: number): Promise<void> {
  const sql = `INSERT INTO upkeep (dag_id, due_at) SELECT dag_id, ?1 + abs(random()) % ?2 FROM dag WHERE true
    ON CONFLICT DO NOTHING`;
  await withHistory(() => db.prepare(sql).bind(now, DAY_MS).run());
}

/** Every DAG that has a row. */
export async function dagsInHistory(db: D1Database): Promise<readonly DagId[]> {
  const { results } = await withHistory(() => db.prepare("SELECT dag_id FROM dag").all<{ dag_id: DagId }>());
  return results.map((row) => row.dag_id);
}

/** Rows of versions that the history lacks. Which bundle brought them, and when, nobody knows any more. */
export async function restoreVersions(
  db: D1Database,
  dagId: DagId,
  versions: readonly { readonly versionNumber: number; readonly specHash: SpecHash }[],
  now: number,
): Promise<void> {
  const sql = `INSERT INTO dag_version (dag_id, version_number, spec_hash, created_at)
    SELECT ?, value ->> 0, value ->> 1, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`;
  const rows = versions.map(({ versionNumber, specHash }) => [versionNumber, specHash]);
  await withHistory(() => db.prepare(sql).bind(dagId, now, JSON.stringify(rows)).run());
}

/** Runs of a DAG behind `after`, by id. */
export async function runsBehind(
  db: D1Database,
  dagId: DagId,
  after: RunId | null,
  limit: number,
): Promise<readonly RunInHistory[]> {
  const query =
    "SELECT run_id, incarnation, state, ended_at FROM dag_run WHERE dag_id = ? AND run_id > ? ORDER BY run_id LIMIT ?";
  const { results } = await withHistory(() =>
    db
      .prepare(query)
      .bind(dagId, after ?? "", limit)
      .all<RunInHistory>(),
  );
  return results;
}

/** Removes all rows of these lives of runs, and of lives before; a run made again meanwhile keeps its own. */
export async function deleteRunsRows(
  db: D1Database,
  dagId: DagId,
  runs: readonly { readonly runId: RunId; readonly incarnation: Incarnation }[],
): Promise<void> {
  if (runs.length === 0) return;
  const runIds = JSON.stringify(runs.map((run) => run.runId));
  // Later lives sort behind earlier ones, and none of these is as young as one that was just made.
  const latest = runs.map((run) => run.incarnation).reduce((a, b) => (a > b ? a : b));
  const where = "dag_id = ? AND run_id IN (SELECT value FROM json_each(?)) AND incarnation <= ?";
  const tables = ["task_instance_try", "task_instance_block", "dag_run"];
  await withHistory(() =>
    db.batch(tables.map((table) => db.prepare(`DELETE FROM ${table} WHERE ${where}`).bind(dagId, runIds, latest))),
  );
}

/** Removes these backfills but the newest of all, whose id would be given again; the answer: those that have no row now. */
export async function deleteBackfillRows(db: D1Database, backfillIds: readonly number[]): Promise<readonly number[]> {
  const ids = JSON.stringify(backfillIds);
  const remove = `DELETE FROM backfill WHERE backfill_id IN (SELECT value FROM json_each(?))
    AND backfill_id < (SELECT max(backfill_id) FROM backfill)`;
  const gone =
    "SELECT value AS id FROM json_each(?) WHERE NOT EXISTS (SELECT 1 FROM backfill WHERE backfill_id = value)";
  const [, found] = await withHistory(() =>
    db.batch<{ id: number }>([db.prepare(remove).bind(ids), db.prepare(gone).bind(ids)]),
  );
  return found?.results.map((row) => row.id) ?? [];
}

/** Removes rows of a DAG's schedules that were deleted before `before` (no copy of an earlier state is on its way any more), or were reserved then and never made. */
export async function deleteOldScheduleRows(db: D1Database, dagId: DagId, before: number): Promise<void> {
  // `seq` of a schedule is the time of its last change.
  const sql = `DELETE FROM schedule WHERE dag_id = ?1 AND ((is_deleted = 1 AND seq BETWEEN 1 AND ?2) OR (seq = 0 AND created_at < ?2))`;
  await withHistory(() => db.prepare(sql).bind(dagId, before).run());
}

/**
 * Removes versions of a DAG that were replaced before `before` and that no run is pinned to. The answer: specs that no version has any more.
 */
export async function deleteUnusedVersions(db: D1Database, dagId: DagId, before: number): Promise<readonly SpecHash[]> {
  const query = `SELECT v.version_number, v.spec_hash,
      (v.version_number >= (SELECT version_number FROM dag WHERE dag_id = v.dag_id)
      OR (SELECT min(created_at) FROM dag_version n WHERE n.dag_id = v.dag_id AND n.version_number > v.version_number) > ?2
      OR EXISTS (SELECT 1 FROM dag_run r WHERE r.dag_id = v.dag_id AND r.spec_hash = v.spec_hash)) AS is_used
    FROM dag_version v WHERE v.dag_id = ?1`;
  const remove = "DELETE FROM dag_version WHERE dag_id = ? AND version_number IN (SELECT value FROM json_each(?))";
  return await withHistory(async () => {
    const { results } = await db
      .prepare(query)
      .bind(dagId, before)
      .all<{ version_number: number; spec_hash: SpecHash; is_used: number | null }>();
    const unused = results.filter((row) => row.is_used === 0);
    if (unused.length === 0) return [];
    const numbers = JSON.stringify(unused.map((row) => row.version_number));
    await db.prepare(remove).bind(dagId, numbers).run();
    const used = new Set(results.filter((row) => row.is_used !== 0).map((row) => row.spec_hash));
    return [...new Set(unused.map((row) => row.spec_hash))].filter((hash) => !used.has(hash));
  });
}

/** Removes a page of the entries before `before`; false when there are no more. */
export async function deleteEventLogsBefore(db: D1Database, before: number): Promise<boolean> {
  const sql =
    "DELETE FROM event_log WHERE event_log_id IN (SELECT event_log_id FROM event_log WHERE at < ? ORDER BY at LIMIT ?)";
  const { meta } = await withHistory(() => db.prepare(sql).bind(before, EVENT_LOGS).run());
  return meta.changes >= EVENT_LOGS;
}
