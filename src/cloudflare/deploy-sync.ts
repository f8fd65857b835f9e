/**
 * @module Brings a deploy into the history and the DAGs' objects, once per bundle: rows, versions, tags, import errors; schedules to the objects.
 *
 * Noticed by the bundle hash at the first event after a deploy. What is left to do is read from the rows of the DAGs, so that every step may be repeated
 * and cut short. A deploy that changes some dozen DAGs comes in with that event; a larger one is left to the clock, which sends it out in pages, so that
 * no request waits for it. Until its page has come in, a DAG is not listed and not scheduled by the new bundle, but can be triggered: its object asks
 * for what it lacks. The hash is noted when nothing is left.
 */
import type { DagImportError, DagIndex } from "../dag/dag-index.ts";
import { forEachDag, sendDagPages } from "./dag-pages.ts";
import { differences, knownDags } from "./deploy-difference.ts";
import { bringIn } from "./deploy-page.ts";
import type { Env } from "./env.ts";
import { withHistory } from "./history/history-error.ts";

/** DAGs brought in by the event itself; more than these go out by messages. */
const DIRECT_MAX = 100;

type Progress = "done" | "under-way";

/** One sync per isolate and bundle; a failed one is tried again by the next event, one under way by the clock. */
const syncs = new WeakMap<DagIndex, Promise<Progress>>();

/**
 * Resolves at once when this bundle is in, or found to be too large for one event; `clock`: then sends its pages. Throws `not_migrated` when D1 has no
 * tables, `history_unavailable` when it does not answer.
 */
export async function syncDeployment(env: Env, index: DagIndex, by: "event" | "clock" = "event"): Promise<void> {
  const known = syncs.get(index);
  if (known !== undefined && (by === "event" || (await known) === "done")) return void (await known);
  const work = sync(env, index, by);
  syncs.set(index, work);
  work.catch(() => syncs.delete(index));
  await work;
}

async function sync(env: Env, index: DagIndex, by: "event" | "clock"): Promise<Progress> {
  const bundle = env.DB.prepare("SELECT bundle_hash FROM deployment WHERE id = 1");
  if ((await withHistory(() => bundle.first("bundle_hash"))) === index.bundleHash) return "done";
  const now = Date.now();
  const { left, broken } = await differences(index, await knownDags(env.DB, "all"));
  if (left.length <= DIRECT_MAX) {
    await bringIn(env, index, left, now);
    await refreshTimetables(env);
    await writeDeployment(env, index, broken, now);
    return "done";
  }
  const { bundleHash } = index;
  if (by === "clock") {
    const dagIds = left.map(({ dagId }) => dagId);
    await sendDagPages(env, dagIds, `deploy:${bundleHash}`, { kind: "deploy-page", bundleHash });
  }
  return "under-way";
}

/** Code of a timetable may have changed though its DAG's spec has not. */
async function refreshTimetables(env: Env): Promise<void> {
  const query = "SELECT dag_id FROM dag WHERE timetable_kind = 'custom' AND is_stale = 0";
  const { results } = await withHistory(() => env.DB.prepare(query).all<{ dag_id: string }>());
  await forEachDag(results, (row) => env.DAG.getByName(row.dag_id).refreshTimetable());
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
      DB.prepare(
        `INSERT INTO deployment (id, bundle_hash, synced_at) VALUES (1, ?, ?)
        ON CONFLICT (id) DO UPDATE SET bundle_hash = excluded.bundle_hash, synced_at = excluded.synced_at`,
      ).bind(index.bundleHash, now),
    ]),
  );
}
