/**
 * @module Limits across runs in real workerd: pools and `max_active_tis_per_dag` with the real objects of runs and limits, real queues and D1.
 */
import { env } from "cloudflare:workers";
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { expect, test, vi } from "vitest";
import { deletePool, listPools, readPool, setPool } from "../../../src/cloudflare/pools.ts";
import type { DagRunApi } from "../../../src/model/protocol.ts";
import { ended, held, peaks } from "../dags/pools.ts";
import { startRun, statesOf, workerEnv } from "../../support/worker-runs.ts";

const PATIENCE = { timeout: 40_000, interval: 50 };

/** The platform's own view of the bindings, for its test helpers. */
const { SLOT, DAG_RUN } = env as unknown as {
  readonly SLOT: DurableObjectNamespace;
  readonly DAG_RUN: DurableObjectNamespace;
};

async function pool(name: string, slots: number): Promise<void> {
  await setPool(workerEnv, { name, slots, description: null, includeDeferred: false }, Date.now());
}

async function untilState(run: DagRunApi, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await run.readHead())?.state).toBe(state), PATIENCE);
}

async function untilUnused(limit: string): Promise<void> {
  await vi.waitFor(
    async () => expect(await workerEnv.SLOT.getByName(limit).usage()).toMatchObject({ held: [], waiting: 0 }),
    PATIENCE,
  );
}

/** Why the task does not run. */
async function reasonsOf(run: DagRunApi): Promise<string> {
  const deps = await run.readDeps("use", -1);
  return deps.flatMap(({ passed, reason }) => (passed ? [] : [reason])).join();
}

test("a pool of 5 with 60 tasks of three runs: never more than 5 at once, all end, nothing stays held", async () => {
  await pool("five", 5);
  const started = await Promise.all([startRun("pooled"), startRun("pooled"), startRun("pooled")]);
  for (const { run } of started) await untilState(run, "success");
  expect([peaks["five"], ended["five"]]).toEqual([5, 60]);
  await untilUnused("pool:five");
});

test("a run's object and the pool's object vanish while tasks wait and run: never over the limit, all end", async () => {
  await pool("five", 5);
  [peaks["five"], ended["five"]] = [0, 0];
  held.add("five");
  const [one, two] = await Promise.all([startRun("pooled"), startRun("pooled")]);
  await vi.waitFor(() => expect(peaks["five"]).toBe(5), PATIENCE);
  await evictDurableObject(SLOT.getByName("pool:five"));
  await evictDurableObject(DAG_RUN.getByName(`pooled/${one.runId}`));
  held.delete("five");
  await vi.waitFor(() => expect(ended["five"]).toBeGreaterThan(12), PATIENCE);
  await evictDurableObject(SLOT.getByName("pool:five"));
  await evictDurableObject(DAG_RUN.getByName(`pooled/${two.runId}`));
  await runDurableObjectAlarm(DAG_RUN.getByName(`pooled/${two.runId}`));
  for (const { run } of [one, two]) await untilState(run, "success");
  expect([peaks["five"], ended["five"]]).toEqual([5, 40]);
  await untilUnused("pool:five");
});

test("a pool's size changes at run time: more slots are used at once, fewer let running tasks end first", async () => {
  await pool("resized", 1);
  held.add("resized");
  const { run } = await startRun("resized");
  await vi.waitFor(() => expect(peaks["resized"]).toBe(1), PATIENCE);
  await pool("resized", 3);
  await vi.waitFor(() => expect(peaks["resized"]).toBe(3), PATIENCE);
  await pool("resized", 1);
  held.delete("resized");
  await untilState(run, "success");
  expect([peaks["resized"], ended["resized"]]).toEqual([3, 4]);
});

test("a task of an unknown pool, and of one that is too small, waits with the reason and runs as soon as it can", async () => {
  const { run } = await startRun("late_pool");
  await vi.waitFor(async () => expect(await reasonsOf(run)).toContain("There is no pool late: create it"), PATIENCE);
  expect(await statesOf(run)).toEqual({ use: "scheduled" });
  await pool("late", 1);
  const { run: second } = await startRun("late_pool");
  await vi.waitFor(
    async () => expect(await reasonsOf(second)).toContain("takes 2 slots and pool late has 1 in all"),
    PATIENCE,
  );
  await deletePool(workerEnv, "late");
  await pool("late", 2);
  await untilState(run, "success");
  await untilState(second, "success");
  expect(peaks["late"]).toBe(2);
});

test("maxActiveTisPerDag counts over all runs of the DAG", async () => {
  const started = await Promise.all([startRun("per_dag"), startRun("per_dag")]);
  for (const { run } of started) await untilState(run, "success");
  expect([peaks["per_dag"], ended["per_dag"]]).toEqual([2, 10]);
  await untilUnused("tis:per_dag/use");
});

test("a task under two limits takes and gives back both, also over a retry", async () => {
  await pool("both", 1);
  const started = await Promise.all([startRun("both_limits"), startRun("both_limits")]);
  for (const { run } of started) await untilState(run, "success");
  expect([peaks["both"], ended["both"]]).toEqual([1, 4]);
  await untilUnused("pool:both");
  await untilUnused("tis:both_limits/use");
});

test("a cancelled run and a deleted one leave the pool to the others", async () => {
  await pool("five", 2);
  held.add("five");
  const [cancelled, deleted] = [await startRun("pooled"), await startRun("pooled")];
  await vi.waitFor(
    async () => expect((await workerEnv.SLOT.getByName("pool:five").usage()).held).toHaveLength(2),
    PATIENCE,
  );
  await cancelled.run.command({ callId: "cancel", command: { kind: "cancel", by: "ann" } });
  await deleted.run.destroy(deleted.incarnation);
  held.delete("five");
  await untilUnused("pool:five");
});

test("the list has default_pool first, also when nobody has defined it, and says what slots are used for", async () => {
  await pool("resized", 2);
  held.add("resized");
  const { run } = await startRun("resized");
  await vi.waitFor(async () => {
    const entry = await readPool(workerEnv, "resized");
    expect(entry?.usage).toEqual({ running: 2, queued: 0, deferred: 0, scheduled: 2 });
  }, PATIENCE);
  const { rows, total } = await listPools(workerEnv, {}, { limit: 2, offset: 0 });
  expect(total).toBeGreaterThan(2);
  expect(rows[0]).toMatchObject({ name: "default_pool", slots: -1, description: "Default pool" });
  const page = { limit: 10, offset: 0, orderBy: ["-name"] };
  const named = await listPools(workerEnv, { namePattern: "IZED", namePrefix: "res" }, page);
  expect(named.rows.map(({ name }) => name)).toEqual(["resized"]);
  held.delete("resized");
  await untilState(run, "success");
});

test("tasks without a limit ask nobody", async () => {
  const { run } = await startRun("ordinary");
  await untilState(run, "success");
  expect(await workerEnv.SLOT.getByName("pool:default_pool").usage()).toMatchObject({ definition: null, held: [] });
});

test("default_pool limits what runs open once their DAG has noticed that somebody set its slots", async () => {
  const under = await startRun("ordinary");
  await untilState(under.run, "success");
  await pool("default_pool", 0);
  // The DAG's object reads it with the next write to the history.
  const noticing = await startRun("ordinary");
  await untilState(noticing.run, "success");
  await vi.waitFor(async () => expect((await noticing.run.wait(0))?.state).toBe("success"), PATIENCE);
  await workerEnv.DAG.getByName("ordinary").mirrored();
  const { run } = await startRun("ordinary");
  await vi.waitFor(async () => expect(await reasonsOf(run)).toContain("pool default_pool has 0 in all"), PATIENCE);
  await pool("default_pool", 1);
  await untilState(run, "success");
  await pool("default_pool", -1);
});
