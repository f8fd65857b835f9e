/**
 * @module The daily upkeep of the history: each DAG's backfills and runs page by page, then versions that no run needs and rows of deleted schedules; once for the deployment, old entries of the
 * event log and the list of all DAGs. The clock starts what is due by `retention-page` messages; a row says how far each DAG has come, so that what is killed goes on there.
 */
import type { DagId } from "../../model/ids.ts";
import { MESSAGE_VERSION } from "../../model/task-message.ts";
import type { TaskMessage } from "../../model/task-message.ts";
import { defaultRetentionMs } from "../env.ts";
import type { Env } from "../env.ts";
import {
  dagsInHistory,
  deleteEventLogsBefore,
  deleteOldScheduleRows,
  deleteUnusedVersions,
  DEPLOYMENT,
  enrolDags,
  noteUpkeep,
  takeDueUpkeep,
  upkeepPlace,
} from "../history/queries/upkeep.ts";
import { registerDags } from "./dag-registry.ts";
import { putRunsInOrder } from "./run-page.ts";

const DAY_MS = 24 * 3_600_000;
/** What nobody finished is started again after this: no invocation lasts longer. */
const LEASE_MS = 20 * 60_000;
/** DAGs started per tick. */
const PER_TICK = 50;
/** Runs per page, and calls of an invocation after which the rest goes to another one. */
const LIMITS = { free: { page: 5, calls: 15 }, paid: { page: 50, calls: 400 } } as const;
/** The audit is kept at least so long, whatever the retention of runs is. */
const AUDIT_MS = 90 * DAY_MS;
/** Pages of the event log per tick. */
const EVENT_LOG_PAGES = 10;

/** Starts the upkeep that is due. Never throws: the next tick tries again. */
export async function startUpkeep(env: Env, now: number): Promise<void> {
  try {
    const due = await takeDueUpkeep(env.DB, now, now + LEASE_MS, PER_TICK);
    const dagIds = due.filter((dagId) => dagId !== DEPLOYMENT);
    if (dagIds.length > 0) await env.TASK_QUEUE.sendBatch(dagIds.map((dagId) => ({ body: messageOf(dagId, now) })));
    if (due.includes(DEPLOYMENT)) await keepDeployment(env, now);
  } catch (error) {
    console.error("airflare: the upkeep of the history did not start; it comes again with a later tick.", error);
  }
}

/** Works on one DAG as long as the invocation may, then leaves the rest to a further message. */
export async function keepDag(env: Env, dagId: DagId): Promise<void> {
  const { page, calls } = LIMITS[env.AIRFLARE_PLAN === "free" ? "free" : "paid"];
  let after = await upkeepPlace(env.DB, dagId);
  for (let spent = 0; spent < calls;) {
    const order = { after, limit: page, expire: true, all: false, dryRun: false };
    // Each page begins where the last one ended.
    // oxlint-disable-next-line no-await-in-loop
    const done = await putRunsInOrder(env, dagId, order);
    after = done.next;
    spent += done.calls + 1;
    // oxlint-disable-next-line no-await-in-loop
    if (after === null) return await finishDag(env, dagId);
    // oxlint-disable-next-line no-await-in-loop
    await noteUpkeep(env.DB, dagId, after, Date.now() + LEASE_MS);
  }
  await env.TASK_QUEUE.sendBatch([{ body: messageOf(dagId, Date.now()) }]);
}

async function finishDag(env: Env, dagId: DagId): Promise<void> {
  const now = Date.now();
  // A day's grace: a run may have been made with the version before that the history does not have yet.
  for (const hash of await deleteUnusedVersions(env.DB, dagId, now - DAY_MS)) {
    // oxlint-disable-next-line no-await-in-loop
    await env.OBJECTS.delete(`specs/${hash}`);
  }
  await deleteOldScheduleRows(env.DB, dagId, now - DAY_MS);
  await noteUpkeep(env.DB, dagId, null, now + DAY_MS);
}

async function keepDeployment(env: Env, now: number): Promise<void> {
  await enrolDags(env.DB, now);
  await registerDags(env.OBJECTS, await dagsInHistory(env.DB));
  const retentionMs = defaultRetentionMs(env);
  let more = retentionMs !== null;
  for (let page = 0; more && page < EVENT_LOG_PAGES; page++) {
    // Each page begins where the last one ended.
    // oxlint-disable-next-line no-await-in-loop
    more = await deleteEventLogsBefore(env.DB, now - Math.max(AUDIT_MS, retentionMs ?? 0));
  }
  // With more to delete it goes on at the next tick.
  await noteUpkeep(env.DB, DEPLOYMENT, null, more ? now : now + DAY_MS);
}

function messageOf(dagId: DagId, now: number): TaskMessage {
  return { v: MESSAGE_VERSION, kind: "retention-page", key: `retention:${dagId}:${now}`, dagId };
}
