/**
 * @module Some DAGs of a deploy brought in: their objects first, then all their rows in one batch. May be repeated, and cut short at any point.
 */
import type { DagIndex } from "../dag/dag-index.ts";
import type { DagId } from "../model/ids.ts";
import type { DagRecord } from "../model/upkeep.ts";
import { specText } from "../model/spec-text.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { forEachDag } from "./dag-pages.ts";
import { differenceOf, knownDags } from "./deploy-difference.ts";
import type { Difference } from "./deploy-difference.ts";
import type { Env } from "./env.ts";
import { withHistory } from "./history/history-error.ts";
import type { MirrorRow } from "./history/mirror-rows.ts";
import { pagesOf } from "./history/writer.ts";
import { putSpec } from "./spec-store.ts";

/** A larger spec is stored in R2: rows stay well below D1's limit. */
const SPEC_ROW_CHARACTERS_MAX = 300_000;

interface Changes {
  readonly synced: MirrorRow[];
  readonly tags: (readonly [DagId, string])[];
  /** Id, `is_stale`, `has_import_errors`. */
  readonly retired: (readonly [DagId, number, number])[];
}

/**
 * A page that the clock sent; what was brought in already costs nothing again. One of another bundle is dropped: a deploy is rolling out, and the clock
 * of the newer bundle sends its own.
 */
export async function bringInPage(
  env: Env,
  index: DagIndex,
  { bundleHash, dagIds }: { readonly bundleHash: string; readonly dagIds: readonly DagId[] },
): Promise<void> {
  if (bundleHash !== index.bundleHash) return;
  const known = await knownDags(env.DB, dagIds);
  const looks = await Promise.all(dagIds.map((dagId) => differenceOf(index, dagId, known.get(dagId))));
  const left = looks.flatMap(({ difference }) => difference ?? []);
  await bringIn(env, index, left, Date.now());
}

/** At most some hundred: each is a call of its object. One that fails fails them all, and D1 has none of their rows. */
export async function bringIn(env: Env, index: DagIndex, left: readonly Difference[], now: number): Promise<void> {
  if (left.length === 0) return;
  const changes: Changes = { synced: [], tags: [], retired: [] };
  await forEachDag(left, async (difference) => {
    if (difference.change === "sync") return syncDag(env, difference, now, changes);
    const { dagId, change } = difference;
    await env.DAG.getByName(dagId).retire();
    changes.retired.push([dagId, Number(change === "stale"), Number(change === "broken")]);
  });
  const statements = [...syncStatements(env.DB, index.bundleHash, changes, now), ...retireStatements(env.DB, changes)];
  await withHistory(() => env.DB.batch(statements));
}

/** The row of a DAG from what its object keeps: the history has lost it. */
export async function bringBack(env: Env, record: DagRecord, isDeployed: boolean, now: number): Promise<void> {
  const synced = { ...(await rowOf(env, record.spec, record, now)), is_stale: Number(!isDeployed) };
  const tags = record.spec.tags.map((tag) => [record.spec.dagId, tag] as const);
  await withHistory(() => env.DB.batch(syncStatements(env.DB, null, { synced: [synced], tags }, now)));
}

async function syncDag(
  env: Env,
  { dagId, spec, specHash }: Extract<Difference, { change: "sync" }>,
  now: number,
  { synced, tags }: Changes,
): Promise<void> {
  const { versionNumber, columns = {} } = await env.DAG.getByName(dagId).syncSpec(spec, specHash);
  synced.push(await rowOf(env, spec, { specHash, versionNumber, columns }, now));
  for (const tag of spec.tags) tags.push([dagId, tag]);
}

async function rowOf(
  env: Env,
  spec: DagSpec,
  { specHash, versionNumber, columns }: Pick<DagRecord, "specHash" | "versionNumber" | "columns">,
  now: number,
): Promise<MirrorRow> {
  const specJson = specText(spec);
  const isLarge = specJson.length > SPEC_ROW_CHARACTERS_MAX;
  if (isLarge) await putSpec(env.OBJECTS, spec, specHash);
  return {
    ...rowOfSpec(spec),
    spec_json: isLarge ? null : specJson,
    spec_hash: specHash,
    version_number: versionNumber,
    last_parsed_at: now,
    ...columns,
  };
}

function rowOfSpec(spec: DagSpec): MirrorRow {
  const limited = spec.tasks.some((task) => task.maxActiveTisPerDag !== null || task.maxActiveTisPerDagrun !== null);
  return {
    dag_id: spec.dagId,
    display_name: spec.displayName,
    description: spec.description,
    is_stale: 0,
    has_import_errors: 0,
    relative_fileloc: spec.relativeFileloc,
    owners: [...new Set(spec.tasks.map((task) => task.owner))].toSorted().join(", "),
    timetable_summary: spec.scheduleText,
    timetable_kind: spec.schedule.kind,
    max_active_tasks: spec.maxActiveTasks,
    max_active_runs: spec.maxActiveRuns,
    max_consecutive_failed_dag_runs: spec.maxConsecutiveFailedDagRuns,
    has_task_concurrency_limits: Number(limited),
    warnings_json: JSON.stringify(spec.warnings),
  };
}

/** Columns of the DAG's object come along; its own later writes carry a higher `seq` and win whatever the order. */
const OBJECT_COLUMNS: ReadonlySet<string> = new Set([
  "is_paused",
  "next_dagrun_logical_date",
  "next_dagrun_interval_start",
  "next_dagrun_interval_end",
  "next_dagrun_create_after",
  "due_at",
  "check_at",
  "seq",
]);

function syncStatements(
  db: D1Database,
  bundleHash: string | null,
  { synced, tags }: Pick<Changes, "synced" | "tags">,
  now: number,
): D1PreparedStatement[] {
  const columns = Object.keys(synced[0] ?? {});
  if (columns.length === 0) return [];
  const upsert = upsertDagsSql(columns);
  const rows = pagesOf(synced.map((row) => JSON.stringify(columns.map((column) => row[column] ?? null))));
  const ids = JSON.stringify(synced.map((row) => row["dag_id"]));
  const versions = synced.map((row) => [row["dag_id"], row["version_number"], row["spec_hash"]]);
  const wantedTags = JSON.stringify(tags);
  return [
    ...rows.map((page) => db.prepare(upsert).bind(`[${page.join(",")}]`)),
    db
      .prepare(
        `INSERT INTO dag_version (dag_id, version_number, spec_hash, bundle_version, created_at)
        SELECT value ->> 0, value ->> 1, value ->> 2, ?, ? FROM json_each(?) WHERE true ON CONFLICT DO NOTHING`,
      )
      .bind(bundleHash, now, JSON.stringify(versions)),
    db
      .prepare(
        `DELETE FROM dag_tag WHERE dag_id IN (SELECT value FROM json_each(?))
        AND (dag_id, name) NOT IN (SELECT value ->> 0, value ->> 1 FROM json_each(?))`,
      )
      .bind(ids, wantedTags),
    db
      .prepare(
        `INSERT INTO dag_tag (dag_id, name) SELECT value ->> 0, value ->> 1 FROM json_each(?) WHERE true
        ON CONFLICT DO NOTHING`,
      )
      .bind(wantedTags),
  ];
}

function upsertDagsSql(columns: readonly string[]): string {
  const values = columns.map((_, i) => `value ->> ${i}`).join(", ");
  const updates = columns
    .filter((column) => column !== "dag_id")
    .map((column) =>
      OBJECT_COLUMNS.has(column)
        ? `${column} = iif(excluded.seq >= dag.seq, excluded.${column}, dag.${column})`
        : `${column} = excluded.${column}`,
    );
  return `INSERT INTO dag (${columns.join(", ")}) SELECT ${values} FROM json_each(?) WHERE true
    ON CONFLICT (dag_id) DO UPDATE SET ${updates.join(", ")}`;
}

function retireStatements(db: D1Database, { retired }: Changes): D1PreparedStatement[] {
  if (retired.length === 0) return [];
  const sql = `UPDATE dag SET is_stale = gone.value ->> 1, has_import_errors = gone.value ->> 2
    FROM json_each(?) AS gone WHERE dag.dag_id = gone.value ->> 0`;
  return [db.prepare(sql).bind(JSON.stringify(retired))];
}
