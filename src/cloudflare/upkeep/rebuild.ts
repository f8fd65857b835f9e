/**
 * @module The history made anew from the objects, after D1 was lost or restored to an earlier time. A page per call, DAG after DAG by id: its row, versions, backfills and schedules, then its runs. What D1 has already is compared, not written again.
 */
import type { DagIndex } from "../../dag/dag-index.ts";
import { AirflareError } from "../../model/error.ts";
import type { DagId, RunId } from "../../model/ids.ts";
import { bringBack } from "../deploy-page.ts";
import type { Env } from "../env.ts";
import { dagsInHistory, restoreVersions } from "../history/queries/upkeep.ts";
import { registeredDags } from "./dag-registry.ts";
import { putRunsInOrder } from "./run-page.ts";

/** Runs per page and calls of one invocation. */
const LIMITS = { free: { page: 10, calls: 15 }, paid: { page: 50, calls: 200 } } as const;

export interface RebuildOrder {
  /** From the answer before; null: from the beginning. */
  readonly cursor: string | null;
  /** Write every run, not only those that D1 lacks. */
  readonly all: boolean;
  readonly dryRun: boolean;
}

export interface RebuildResult {
  /** For the next call; null: all is done. */
  readonly cursor: string | null;
  /** DAGs whose runs are done with this call. */
  readonly dags: number;
  /** DAGs whose row came back. */
  readonly dagsRestored: number;
  readonly runs: number;
  readonly runsRestored: number;
  /** Rows of runs that do not exist, removed. */
  readonly runsRemoved: number;
}

/** Where a call begins. `after` null: with the DAG itself. */
interface Place {
  readonly dagId: DagId;
  readonly after: RunId | null;
}

/** One page. Throws `invalid_cursor` for a cursor of something else, `history_unavailable` when D1 does not answer: then the same call goes on. */
export async function rebuildPage(env: Env, index: DagIndex, order: RebuildOrder): Promise<RebuildResult> {
  const { page, calls } = LIMITS[env.AIRFLARE_PLAN === "free" ? "free" : "paid"];
  const [registered, stored] = await Promise.all([registeredDags(env.OBJECTS), dagsInHistory(env.DB)]);
  const inHistory = new Set(stored);
  const all = [...new Set([...registered, ...stored, ...Object.keys(index.dags)])].toSorted();
  let place: Place | null = order.cursor === null ? placeOf(all[0]) : readCursor(order.cursor);
  const { all: everyRun, dryRun } = order;
  const done = { dags: 0, dagsRestored: 0, runs: 0, runsRestored: 0, runsRemoved: 0 };
  for (let spent = 2; place !== null && spent < calls;) {
    const { dagId, after }: Place = place;
    // One DAG after the other, each page behind the last one.
    // oxlint-disable-next-line no-await-in-loop
    if (after === null && (await restoreDag(env, index, dagId, inHistory.has(dagId), dryRun))) done.dagsRestored++;
    // oxlint-disable-next-line no-await-in-loop
    const result = await putRunsInOrder(env, dagId, { after, limit: page, expire: false, all: everyRun, dryRun });
    spent += result.calls + 4;
    done.runs += result.looked;
    done.runsRestored += result.restored;
    done.runsRemoved += result.orphans;
    done.dags += Number(result.next === null);
    place = result.next === null ? placeOf(all.find((id) => id > dagId)) : { dagId, after: result.next };
  }
  return { cursor: place === null ? null : JSON.stringify([place.dagId, place.after]), ...done };
}

/** True when its row comes back. A DAG whose object knows nothing has nothing to bring. */
async function restoreDag(env: Env, index: DagIndex, dagId: DagId, hasRow: boolean, dryRun: boolean): Promise<boolean> {
  const dag = env.DAG.getByName(dagId);
  if (dryRun) return !hasRow && (await dag.readState()) !== null;
  const record = await dag.mirrorAgain();
  if (record === null) return false;
  const now = Date.now();
  if (!hasRow) await bringBack(env, record, Object.hasOwn(index.dags, dagId), now);
  await restoreVersions(env.DB, dagId, record.versions, now);
  return !hasRow;
}

function placeOf(dagId: DagId | undefined): Place | null {
  return dagId === undefined ? null : { dagId, after: null };
}

function readCursor(cursor: string): Place {
  try {
    const parsed: unknown = JSON.parse(cursor);
    if (Array.isArray(parsed) && typeof parsed[0] === "string" && (parsed[1] === null || typeof parsed[1] === "string"))
      return { dagId: parsed[0], after: parsed[1] };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  throw new AirflareError(
    "invalid_cursor",
    `${JSON.stringify(cursor)} is no cursor of a rebuild; leave it out to begin anew.`,
  );
}
