/**
 * @module The clock: once a minute it brings in a new deploy, wakes the objects of the DAGs that are due in the coming minute, and those whose runs nobody
 * looks after. A missed, late or repeated tick is harmless: the objects have alarms of their own and know what they have made.
 */
import type { DagIndex } from "../../dag/dag-index.ts";
import type { DagId } from "../../model/ids.ts";
import { forEachDag, sendDagPages } from "../dag-pages.ts";
import { syncDeployment } from "../deploy-sync.ts";
import type { Env } from "../env.ts";
import { dueDags, overdueDags } from "../history/queries/due-dags.ts";
import { startUpkeep } from "../upkeep/upkeep.ts";
import { pushMetrics } from "../metrics/push-metrics.ts";
import { noteTick } from "../history/queries/heartbeats.ts";

const MINUTE_MS = 60_000;
/** DAGs woken by the tick itself; more than these go out by messages, so that many invocations share them. */
const DIRECT_MAX = 200;
/** DAGs of one tick; the rest is still due at the next one. */
const DUE_MAX = 20_000;
/** DAGs looked after per tick. */
const OVERDUE_MAX = 100;

/** One tick. `event.scheduledTime` says which runs are due; it is no clock for anything else. */
export async function handleScheduled(
  event: { readonly scheduledTime: number },
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  index: DagIndex,
): Promise<void> {
  await syncDeployment(env, index, "clock");
  const at = event.scheduledTime;
  // With clocks of their own the objects are woken ahead, so that their alarms hit the second.
  const ahead = env.AIRFLARE_TICK === "0" ? 0 : MINUTE_MS;
  const due = await dueDags(env.DB, at + ahead, DUE_MAX);
  await sendDagPages(env, due.slice(DIRECT_MAX), `tick:${at}`, { kind: "dag-tick-page", scheduledAt: at });
  await tickDags(env, due.slice(0, DIRECT_MAX), at);
  await inTurns(await overdueDags(env.DB, Date.now(), OVERDUE_MAX), "sweep", (dagId) =>
    env.DAG.getByName(dagId).sweep(),
  );
  await startUpkeep(env, Date.now());
  ctx.waitUntil(pushMetrics(env, Date.now()));
  ctx.waitUntil(noteTick(env.DB, at));
}

/**
 * Wakes the objects of these DAGs for a tick: by the clock itself, or by a `dag-tick-page` message. Answers how many failed: they are still due at the
 * next tick, and a message may come again before.
 */
export async function tickDags(env: Env, dagIds: readonly DagId[], at: number): Promise<{ readonly failed: number }> {
  return await inTurns(dagIds, "tick", (dagId) => env.DAG.getByName(dagId).tick(at));
}

/** One object that fails keeps no other from being woken. */
async function inTurns(
  dagIds: readonly DagId[],
  what: string,
  work: (dagId: DagId) => Promise<unknown>,
): Promise<{ readonly failed: number }> {
  let failed = 0;
  await forEachDag(dagIds, async (dagId) => {
    try {
      await work(dagId);
    } catch (error) {
      failed++;
      console.error(`${what} of DAG ${dagId} failed; it comes again.`, error);
    }
  });
  return { failed };
}
