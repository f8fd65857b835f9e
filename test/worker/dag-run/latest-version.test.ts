/**
 * @module An ended run goes on with another version of its DAG, in workerd: by a clear and by a backfill that runs it again.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { statesOf, workerEnv } from "../../support/worker-runs.ts";

const { DAG_RUN } = env as unknown as { readonly DAG_RUN: DurableObjectNamespace };
const HOURLY = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;
const AT = Date.parse("2026-01-01T00:00:00Z");

function version(dagId: string, taskIds: readonly string[]): DagSpec {
  const tasks = taskIds.map((taskId, i) =>
    aTaskSpec({
      taskId,
      kind: "empty",
      operatorName: "EmptyOperator",
      upstream: i === 0 ? [] : [taskIds[i - 1] ?? ""],
    }),
  );
  return aDagSpec({ dagId, schedule: HOURLY, tasks });
}

const runOf = (dagId: string) => workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, "r"));

/** A run of the tasks a and b that has ended; then c takes the place of b. */
async function changedDag(dagId: string): Promise<DagSpec> {
  const dag = workerEnv.DAG.getByName(dagId);
  await dag.syncSpec(version(dagId, ["a", "b"]), `${dagId}-1`);
  const made = await dag.createRun({
    callId: "call",
    specHash: `${dagId}-1`,
    runId: "r",
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate: AT,
    dataInterval: null,
    runAfter: null,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: false,
  });
  if (made.kind !== "created") throw new Error(made.kind);
  await runOf(dagId).create({ ...made.create, offer: null });
  expect((await runOf(dagId).wait(10_000))?.state).toBe("success");
  const spec = version(dagId, ["a", "c"]);
  await dag.syncSpec(spec, `${dagId}-2`);
  return spec;
}

async function inHistory(dagId: string): Promise<unknown> {
  const { DB } = workerEnv;
  const run = "SELECT spec_hash, version_number, state FROM dag_run WHERE dag_id = ?";
  const instances = "SELECT task_id, state FROM task_instance WHERE dag_id = ? ORDER BY task_id";
  return {
    run: await DB.prepare(run).bind(dagId).first(),
    instances: (await DB.prepare(instances).bind(dagId).all()).results,
  };
}

const DONE = {
  instances: [
    { task_id: "a", state: "success" },
    { task_id: "c", state: "success" },
  ],
};

test("the run takes over new tasks, loses those that are gone, and runs again when it is cleared", async () => {
  const spec = await changedDag("synced");
  const run = runOf("synced");
  const order = { kind: "sync-spec", specText: JSON.stringify(spec), specHash: "synced-2" } as const;
  const { head } = await run.command({ callId: "sync", command: order });
  expect(head.specHash).toBe("synced-2");
  expect(await statesOf(run)).toEqual({ a: "success", c: "none" });
  // Twice is once, also for an object that was away meanwhile.
  await evictDurableObject(DAG_RUN.getByName(dagRunObjectName("synced", "r")));
  await run.command({ callId: "sync again", command: order });
  const options = {
    select: [{ taskId: "a" }, { taskId: "c" }],
    includeUpstream: false,
    includeDownstream: false,
    onlyFailed: false,
    onlyRunning: false,
    resetDagRun: true,
    note: null,
  };
  await run.command({ callId: "clear", command: { kind: "clear", options, dryRun: false } });
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(await statesOf(run)).toEqual({ a: "success", c: "success" });
  expect(await inHistory("synced")).toEqual({
    run: { spec_hash: "synced-2", version_number: 2, state: "success" },
    ...DONE,
  });
});

test.each([
  ["latest", true, 2, DONE.instances],
  [
    "own",
    false,
    1,
    [
      { task_id: "a", state: "success" },
      { task_id: "b", state: "success" },
    ],
  ],
] as const)("a backfill runs it again on its %s version", async (name, runOnLatestVersion, number, instances) => {
  const dagId = `backfilled_${name}`;
  await changedDag(dagId);
  const backfillId = 5_000 + number;
  const answer = await workerEnv.DAG.getByName(dagId).backfill({
    kind: "create",
    specHash: `${dagId}-2`,
    backfillId,
    triggeringUser: null,
    request: {
      fromDate: AT,
      toDate: AT,
      runBackwards: false,
      conf: null,
      reprocessBehavior: "completed",
      maxActiveRuns: 1,
      runOnLatestVersion,
    },
  });
  expect(answer).toMatchObject({ kind: "backfill" });
  await vi.waitFor(
    async () => {
      const read = await workerEnv.DAG.getByName(dagId).backfill({ kind: "read", backfillId });
      expect(read).toMatchObject({ backfill: { completedAt: expect.any(Number) } });
    },
    { timeout: 20_000 },
  );
  await vi.waitFor(async () =>
    expect(await inHistory(dagId)).toEqual({
      run: { spec_hash: `${dagId}-${number}`, version_number: number, state: "success" },
      instances,
    }),
  );
});
