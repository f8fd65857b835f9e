/**
 * @module Brings a deploy into the history and the DAGs' objects, once per bundle: rows, versions, tags, import errors; specs to R2; schedules to the objects.
 *
 * Noticed by the bundle hash at the first event after a deploy. Every step may be repeated; the hash is noted last, so that a sync cut short starts again.
 */
import type { DagImportError, DagIndex } from "../dag/dag-index.ts";
import { loadDag } from "../dag/dag-registry.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import { errorInfo } from "../model/error.ts";
import type { DagId, SpecHash } from "../model/ids.ts";
import type { Env } from "./env.ts";
import { withHistory } from "./history/history-error.ts";
import { putSpec } from "./spec-store.ts";

/** A larger spec is read from R2: rows stay well below D1's limit. */
const SPEC_ROW_CHARACTERS_MAX = 300_000;
/** DAGs synced at the same time. */
const PARALLEL = 4;

interface KnownDag {
  readonly dag_id: DagId;
  readonly spec_hash: SpecHash;
  readonly is_stale: number;
  readonly has_import_errors: number;
  readonly relative_fileloc: string;
}

/** One sync per isolate and bundle; a failed one is tried again by the next event. */
const synced = new WeakMap<DagIndex, Promise<void>>();

/** Resolves at once when this bundle is in. Throws `not_migrated` when D1 has no tables, `history_unavailable` when it does not answer. */
export function syncDeployment(env: Env, index: DagIndex): Promise<void> {
  const known = synced.get(index);
  if (known !== undefined) return known;
  const work = sync(env, index);
  synced.set(index, work);
  work.catch(() => synced.delete(index));
  return work;
}

async function sync(env: Env, index: DagIndex): Promise<void> {
  const bundle = env.DB.prepare("SELECT bundle_hash FROM deployment WHERE id = 1");
  if ((await withHistory(() => bundle.first("bundle_hash"))) === index.bundleHash) return;
  const columns = "dag_id, spec_hash, is_stale, has_import_errors, relative_fileloc";
  const dags = await withHistory(() => env.DB.prepare(`SELECT ${columns} FROM dag`).all<KnownDag>());
  const now = Date.now();
  const known = new Map(dags.results.map((row) => [row.dag_id, row]));
  const broken: DagImportError[] = [...index.importErrors];
  await forEachOf(Object.entries(index.dags), async ([dagId, { file, specHash }]) => {
    const row = known.get(dagId);
    const unchanged = row?.spec_hash === specHash && row.is_stale === 0 && row.has_import_errors === 0;
    if (unchanged) return;
    const problem = await syncDag(env, index, dagId, specHash, now);
    if (problem !== null && !broken.some((error) => error.file === file)) broken.push({ file, message: problem });
  });
  await retireMissing(env, index, broken, [...known.values()]);
  await writeDeployment(env, index, broken, now);
}

/** Null, or why the DAG's file does not load in the Worker though it did at the build: it becomes an import error and hurts nobody else. */
async function syncDag(
  env: Env,
  index: DagIndex,
  dagId: DagId,
  specHash: SpecHash,
  now: number,
): Promise<string | null> {
  let spec: DagSpec;
  try {
    ({ spec } = await loadDag(index, dagId));
  } catch (error) {
    const { code, message } = errorInfo(error);
    if (code === "dag_import_error") return message;
    throw error;
  }
  await putSpec(env.OBJECTS, spec, specHash);
  const { versionNumber, columns } = await env.DAG.getByName(dagId).syncSpec(spec, specHash);
  const { DB } = env;
  const version =
    "INSERT INTO dag_version (dag_id, version_number, spec_hash, bundle_version, created_at) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING";
  await withHistory(() =>
    DB.batch([
      upsertDag(DB, {
        ...rowOfSpec(spec),
        spec_hash: specHash,
        version_number: versionNumber,
        last_parsed_at: now,
        ...columns,
      }),
      DB.prepare(version).bind(dagId, versionNumber, specHash, index.bundleHash, now),
      DB.prepare("DELETE FROM dag_tag WHERE dag_id = ?").bind(dagId),
      DB.prepare("INSERT INTO dag_tag (dag_id, name) SELECT ?, value FROM json_each(?)").bind(
        dagId,
        JSON.stringify(spec.tags),
      ),
    ]),
  );
  return null;
}

function rowOfSpec(spec: DagSpec): Record<string, string | number | null> {
  const specJson = JSON.stringify(spec);
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
    spec_json: specJson.length <= SPEC_ROW_CHARACTERS_MAX ? specJson : null,
  };
}

/** Columns of the DAG's object come along; its own later writes carry a higher `seq` and win whatever the order. */
function upsertDag(db: D1Database, row: Readonly<Record<string, string | number | null>>): D1PreparedStatement {
  const names = Object.keys(row);
  const owned = new Set<string>(OBJECT_COLUMNS);
  const updates = names
    .filter((name) => name !== "dag_id")
    .map((name) =>
      owned.has(name)
        ? `${name} = iif(excluded.seq >= dag.seq, excluded.${name}, dag.${name})`
        : `${name} = excluded.${name}`,
    );
  const sql = `INSERT INTO dag (${names.join(", ")}) VALUES (${names.map(() => "?").join(", ")}) ON CONFLICT (dag_id) DO UPDATE SET ${updates.join(", ")}`;
  return db.prepare(sql).bind(...Object.values(row));
}

const OBJECT_COLUMNS = [
  "is_paused",
  "next_dagrun_logical_date",
  "next_dagrun_interval_start",
  "next_dagrun_interval_end",
  "next_dagrun_create_after",
  "due_at",
  "check_at",
  "seq",
] as const;

/** DAGs that are gone become stale; those whose file does not load keep their last good spec. Neither is scheduled. */
async function retireMissing(
  env: Env,
  index: DagIndex,
  broken: readonly DagImportError[],
  known: readonly KnownDag[],
): Promise<void> {
  const files = new Set(broken.map((error) => error.file));
  const isBroken = (row: KnownDag): boolean => files.has(index.dags[row.dag_id]?.file ?? row.relative_fileloc);
  const missing = known.filter((row) => !Object.hasOwn(index.dags, row.dag_id) || isBroken(row));
  await forEachOf(missing, async (row) => {
    const isStale = !isBroken(row);
    if (row.is_stale === Number(isStale) && row.has_import_errors === Number(!isStale)) return;
    await env.DAG.getByName(row.dag_id).retire();
    const sql = "UPDATE dag SET is_stale = ?, has_import_errors = ? WHERE dag_id = ?";
    await withHistory(() => env.DB.prepare(sql).bind(Number(isStale), Number(!isStale), row.dag_id).run());
  });
}

async function writeDeployment(
  env: Env,
  index: DagIndex,
  broken: readonly DagImportError[],
  now: number,
): Promise<void> {
  const errors = JSON.stringify(broken.map(({ file, message }) => [file, message]));
  const { DB } = env;
  await withHistory(() =>
    DB.batch([
      DB.prepare("DELETE FROM import_error WHERE filename NOT IN (SELECT value ->> 0 FROM json_each(?))").bind(errors),
      DB.prepare(
        `INSERT INTO import_error (filename, message, at) SELECT value ->> 0, value ->> 1, ? FROM json_each(?) WHERE true
        ON CONFLICT (filename) DO UPDATE SET message = excluded.message, at = excluded.at`,
      ).bind(now, errors),
      DB.prepare("UPDATE dag SET last_parsed_at = ? WHERE is_stale = 0 AND has_import_errors = 0").bind(now),
      DB.prepare(
        `INSERT INTO deployment (id, bundle_hash, synced_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET bundle_hash = excluded.bundle_hash, synced_at = excluded.synced_at`,
      ).bind(index.bundleHash, now),
    ]),
  );
}

/** A few at a time. The first failure ends it: the bundle is not noted, and the next event starts again. */
async function forEachOf<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  const worker = async (): Promise<void> => {
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) {
      // Bounded on purpose: PARALLEL workers share the queue.
      // oxlint-disable-next-line no-await-in-loop
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, queue.length) }, worker));
}
