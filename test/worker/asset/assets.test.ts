/**
 * @module Assets in real workerd: a task's success updates an asset, its object tells the DAGs that are scheduled by it, and they make runs.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { api, endOf, triggerRun } from "../../support/worker-client.ts";
import { resultOf, workerEnv } from "../../support/worker-runs.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { AssetEvent } from "../../../src/model/asset.ts";
import { orders, prices } from "../dags/assets.ts";

const PATIENCE = { timeout: 15_000, interval: 25 };

interface Runs {
  readonly dag_runs: readonly { readonly dag_run_id: string; readonly state: string }[];
}

async function runsOf(dagId: string): Promise<readonly string[]> {
  const { dag_runs } = await api<Runs>("GET", `/api/v2/dags/${dagId}/dagRuns`);
  return dag_runs.map(({ dag_run_id }) => dag_run_id);
}

/** Waits until the DAG has `count` runs that assets made, all successful. */
async function followers(dagId: string, count: number): Promise<readonly string[]> {
  let runIds: readonly string[] = [];
  await vi.waitFor(async () => {
    runIds = (await runsOf(dagId)).filter((runId) => runId.startsWith("asset_triggered__"));
    expect(runIds).toHaveLength(count);
  }, PATIENCE);
  for (const runId of runIds) expect(await endOf(dagId, runId)).toBe("success");
  return runIds;
}

async function lookedAt(dagId: string, runId: string): Promise<unknown> {
  return await resultOf(workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId)), "look");
}

/** The asset's object is told of subscribers behind the answer of the deploy. */
async function subscribed(uri: string, dagIds: readonly string[]): Promise<void> {
  await vi.waitFor(async () => {
    const { cursors } = await workerEnv.ASSET.getByName(uri).deliveries(dagIds);
    expect(Object.keys(cursors).toSorted()).toEqual(dagIds.toSorted());
  }, PATIENCE);
}

async function deployed(): Promise<void> {
  await api("GET", "/api/v2/dags");
  await subscribed(orders.uri, ["follows_orders", "follows_any", "follows_paused"]);
  await subscribed(prices.uri, ["follows_all", "follows_any"]);
}

test("a task's success makes a run of the DAG that follows its outlet, with the event and its extra", async () => {
  await deployed();
  const failed = await triggerRun("updates_orders", { fail: true });
  expect(await endOf("updates_orders", failed)).toBe("failed");
  const runId = await triggerRun("updates_orders", { rows: 7 });
  expect(await endOf("updates_orders", runId)).toBe("success");
  const [follower = ""] = await followers("follows_orders", 1);
  await followers("follows_any", 1);
  expect(await api("GET", `/api/v2/dags/follows_orders/dagRuns/${follower}`)).toMatchObject({
    run_type: "asset_triggered",
    triggered_by: "asset",
    logical_date: null,
    data_interval_start: null,
  });
  const source = { dagId: "updates_orders", runId, taskId: "update", mapIndex: -1 };
  expect(await lookedAt("follows_orders", follower)).toEqual({
    triggering: { [orders.uri]: [{ uri: orders.uri, timestamp: expect.any(Date), extra: { rows: 7 }, source }] },
    inlet: [{ rows: 7 }],
  });
});

test("events come into the history once; those over the retention go", async () => {
  const uri = "r2://test/kept";
  const asset = workerEnv.ASSET.getByName(uri);
  await asset.record(uri, [{ id: "kept-old", at: 1_000, extra: {}, source: null }]);
  await asset.mirrored();
  await asset.record(uri, [{ id: "kept-new", at: Date.now(), extra: { rows: 1 }, source: null }]);
  await asset.record(uri, [{ id: "kept-new", at: Date.now(), extra: {}, source: null }]);
  await asset.mirrored();
  const rows = workerEnv.DB.prepare("SELECT event_id, extra_json FROM asset_event WHERE event_id LIKE 'kept-%'");
  expect((await rows.all()).results).toEqual([{ event_id: "kept-new", extra_json: '{"rows":1}' }]);
});

test("all assets of a list must be updated, one part of an any is enough", async () => {
  await deployed();
  const before = await runsOf("follows_any");
  const event = (id: string) => ({ id, at: Date.now(), extra: {}, source: null });
  await workerEnv.ASSET.getByName(prices.uri).record(prices.uri, [event("p1")]);
  await vi.waitFor(async () => {
    const queued = await workerEnv.DAG.getByName("follows_all").queuedAssetEvents();
    expect(queued.map(({ uri }) => uri)).toEqual([prices.uri]);
  }, PATIENCE);
  expect(await runsOf("follows_all")).toEqual([]);
  expect(await endOf("updates_both", await triggerRun("updates_both"))).toBe("success");
  const [all = ""] = await followers("follows_all", 1);
  const events = await workerEnv.DAG.getByName("follows_all").assetEventsOf(all, 10);
  // The second event of one asset may come before or after the first of the other.
  expect(events.map(({ uri, n }) => `${uri} ${n}`)).toEqual(
    expect.arrayContaining([`${prices.uri} 1`, "r2://test/customers 1"]),
  );
  await followers("follows_any", before.length + 1);
});

test("an event told twice, and a message twice or late, change nothing", async () => {
  await deployed();
  const uri = orders.uri;
  const before = await runsOf("follows_orders");
  const asset = workerEnv.ASSET.getByName(uri);
  const event = { id: "twice", at: Date.now(), extra: {}, source: null };
  await asset.record(uri, [event, event]);
  await asset.record(uri, [event]);
  await followers("follows_orders", before.length + 1);
  const known = await asset.latest(100);
  expect(known.filter(({ id }) => id === "twice")).toHaveLength(1);
  const dag = workerEnv.DAG.getByName("follows_orders");
  expect(await dag.takeAssetEvents(uri, known as AssetEvent[])).toBeNull();
  expect(await dag.queuedAssetEvents()).toEqual([]);
  expect(await runsOf("follows_orders")).toHaveLength(before.length + 1);
});

test("a paused DAG takes no events; what waited before goes on waiting", async () => {
  await deployed();
  const dag = workerEnv.DAG.getByName("follows_all");
  await workerEnv.ASSET.getByName(prices.uri).record(prices.uri, [{ id: "w", at: 1, extra: {}, source: null }]);
  await vi.waitFor(async () => expect(await dag.queuedAssetEvents()).toHaveLength(1), PATIENCE);
  await api("PATCH", "/api/v2/dags/follows_all", { is_paused: true });
  const count = (await runsOf("follows_all")).length;
  expect(await endOf("updates_both", await triggerRun("updates_both"))).toBe("success");
  // The other follower has been told, so this one has: they share the messages.
  await vi.waitFor(async () => {
    const { cursors } = await workerEnv.ASSET.getByName(prices.uri).deliveries(["follows_all"]);
    const last = (await workerEnv.ASSET.getByName(prices.uri).latest(1))[0]?.n;
    expect(cursors).toEqual({ follows_all: last });
  }, PATIENCE);
  await api("PATCH", "/api/v2/dags/follows_all", { is_paused: false });
  expect(await dag.queuedAssetEvents()).toHaveLength(1);
  expect(await runsOf("follows_all")).toHaveLength(count);
});

test("an asset's object that dies between storing and telling tells after all", async () => {
  await deployed();
  const uri = orders.uri;
  const before = await runsOf("follows_orders");
  const stub = workerEnv.ASSET.getByName(uri) as unknown as DurableObjectStub;
  const refuse = vi.spyOn(workerEnv.ISOLATE_QUEUE, "sendBatch").mockRejectedValue(new Error("the queue is down"));
  await workerEnv.ASSET.getByName(uri).record(uri, [{ id: "dies", at: Date.now(), extra: {}, source: null }]);
  await vi.waitFor(() => expect(refuse).toHaveBeenCalled(), PATIENCE);
  refuse.mockRestore();
  await evictDurableObject(stub);
  expect(await runInDurableObject(stub, async (_, ctx) => await ctx.storage.getAlarm())).not.toBeNull();
  await followers("follows_orders", before.length + 1);
});
