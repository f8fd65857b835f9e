/**
 * @module In real workerd, one run after another meets a fault at its first call, its second, ...: all of them end as the run that met none.
 */
import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { describe, expect, test, vi } from "vitest";
import { sleep } from "../../../src/cloudflare/task-queue/runtime-ports.ts";
import { driveFromHttp, httpOffer } from "../../../src/cloudflare/task-queue/drive.ts";
import { runRequest, workerEnv } from "../../support/worker-runs.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { decode } from "../../../src/lib/codec.ts";
import { DEFAULT_LEASES } from "../../../src/model/event.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { endPlan, type Fault, type Plan, planFault, ringAlarm, standOnAllCalls, stubOf } from "./fault-points.ts";
import { effects } from "./stormy.ts";

const DAG_ID = "stormy";
/** More than a second of them. */
const EVICTIONS = 50;

// Leases of a second and a half: lost attempts come back while the test waits.
standOnAllCalls(0.05);

interface Outcome {
  readonly plan: Plan;
  readonly ending: unknown;
  readonly effects: ReadonlyMap<string, number>;
}

async function runWith(fault: Fault | null, at: number | string, offer: boolean): Promise<Outcome> {
  const runId = `${fault}_${at}_${offer}_${crypto.randomUUID()}`;
  const plan = planFault(dagRunObjectName(DAG_ID, runId), fault, at);
  await triggered(runId, offer);
  // Only the history is asked: the object must come to its end without a call from here.
  await expect.poll(() => stateInHistory(runId), { timeout: 30_000, interval: 100 }).toBe("success");
  await expect.poll(() => countOf(runId, "run callback"), { timeout: 10_000, interval: 100 }).toBeGreaterThan(0);
  endPlan(dagRunObjectName(DAG_ID, runId));
  // A message whose answer was lost is sent again after a second.
  await expect.poll(() => outboxRows(runId), { timeout: 10_000, interval: 200 }).toBe(0);
  const counted = [...effects].filter(([key]) => key.startsWith(`${runId}/`));
  return {
    plan,
    ending: await endingOf(runId),
    effects: new Map(counted.map(([key, times]) => [key.slice(runId.length + 1), times])),
  };
}

/** As a client does it: asks again with the same call id until there is an answer. */
async function triggered(runId: string, offer: boolean): Promise<void> {
  const request = runRequest(DAG_ID, runId);
  const longest = { flaky: 5, large: 5, broken: 5 };
  const next = await vi.waitFor(
    async () => {
      const made = await workerEnv.DAG.getByName(DAG_ID).createRun(request);
      if (made.kind !== "created") return null;
      const object = workerEnv.DAG_RUN.getByName(dagRunObjectName(DAG_ID, runId));
      return (await object.create({ ...made.create, longest, offer: offer ? httpOffer(Date.now()) : null })).next;
    },
    { timeout: 5_000, interval: 20 },
  );
  if (next !== null) await driveFromHttp(workerEnv, createExecutionContext(), dagIndex, next);
}

function countOf(runId: string, what: string): number {
  return effects.get(`${runId}/${what}`) ?? 0;
}

async function stateInHistory(runId: string): Promise<unknown> {
  const row = workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?").bind(DAG_ID, runId);
  return row.first("state");
}

/** What the object and the history say of the run, without times and sequence numbers. */
async function endingOf(runId: string): Promise<unknown> {
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName(DAG_ID, runId));
  const { views } = await run.readTaskInstances({ offset: 0, limit: 100 });
  const { entries } = await run.readXComs({ taskIds: [], key: null, limit: 100 });
  const columns = "task_id, map_index, state, try_number, max_tries";
  const query = (table: string, what: string) =>
    workerEnv.DB.prepare(`SELECT ${what} FROM ${table} WHERE dag_id = ? AND run_id = ? ORDER BY 1, 2, 3, 4`)
      .bind(DAG_ID, runId)
      .all();
  return {
    instances: views.map((view) => [view.taskId, view.mapIndex, view.state, view.tryNumber, view.maxTries]),
    errors: views.map((view) => view.error?.message ?? null),
    xcoms: entries.map(({ taskId, mapIndex, key, value }) => [
      taskId,
      mapIndex,
      key,
      value.in === "inline" ? decode(value.text) : value.sha256,
    ]),
    tries: (await run.readTries("flaky", -1)).map((one) => [one.tryNumber, one.state]),
    history: (await query("task_instance", columns)).results,
    historyOfTries: (await query("task_instance_try", "task_id, try_number, state, error")).results,
  };
}

async function outboxRows(runId: string): Promise<number> {
  return runInDurableObject(
    stubOf(dagRunObjectName(DAG_ID, runId)),
    (_, { storage }) => storage.sql.exec("SELECT id FROM outbox").toArray().length,
  );
}

describe.each([
  ["through the queue", false],
  ["handed to the request that made it", true],
])("a run %s", (_, offer) => {
  test.each(["refused", "reply-lost", "aborted", "aborted-after"] as const)(
    "ends the same whichever of its calls is %s",
    async (fault) => {
      const calm = await runWith(null, 0, offer);
      expect(calm.plan.calls.length).toBeGreaterThan(20);
      // A fault leads to further calls; those of the calm run are the ones that all must be met.
      const outcomes = await Promise.all(
        // A run's row may go to the history with those of others, which hides the call: so once it is named.
        [...calm.plan.calls.keys().map((index) => index + 1), "DB.batch"].map((at) => runWith(fault, at, offer)),
      );
      for (const { plan, ending, effects: counted } of outcomes) {
        const where = `${fault} at call ${plan.at} (${plan.hit})`;
        expect({ where, ending }).toEqual({ where, ending: calm.ending });
        for (const what of calm.effects.keys()) {
          const times = counted.get(what) ?? 0;
          // On a busy machine leases this short end by themselves, too; the second layer counts exactly.
          const fits = times >= 1 && times <= 1 + DEFAULT_LEASES.lossesMax;
          expect({ where, what, times, fits }).toMatchObject({ fits: true });
        }
      }
      // Timing decides about single heartbeats and alarms, so the last ones may not have come.
      const hits = outcomes.map(({ plan }) => plan.hit).filter((hit) => hit !== "");
      expect(hits.length).toBeGreaterThan(outcomes.length * 0.7);
      expect(hits).toEqual(
        expect.arrayContaining(["DB.batch", "TASK_QUEUE.sendBatch", "OBJECTS.put", "DAG_RUN.report"]),
      );
    },
    120_000,
  );
});

test("a run whose object is evicted and whose alarm goes off again and again ends as a calm one", async () => {
  const calm = await runWith(null, 0, false);
  const runId = "tormented";
  await triggered(runId, false);
  const name = dagRunObjectName(DAG_ID, runId);
  let alarms = 0;
  for (let round = 0; round < EVICTIONS; round++) {
    if (await ringAlarm(name)) alarms++;
    await evictDurableObject(stubOf(name));
    await sleep(25);
  }
  expect(alarms).toBeGreaterThan(3);
  await expect.poll(() => stateInHistory(runId), { timeout: 20_000, interval: 100 }).toBe("success");
  await expect.poll(() => countOf(runId, "run callback"), { timeout: 10_000, interval: 100 }).toBeGreaterThan(0);
  expect(await endingOf(runId)).toEqual(calm.ending);
}, 30_000);
