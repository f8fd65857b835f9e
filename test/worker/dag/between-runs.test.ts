/**
 * @module What runs of a DAG, and tasks of a run, owe each other, in real workerd: `depends_on_past`, `wait_for_downstream`, clears of old runs, limits.
 */
import { beforeEach, expect, test, vi } from "vitest";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { DagRunApi } from "../../../src/model/protocol.ts";
import { failing, peaks } from "../dags/limits.ts";
import { startRun, statesOf, workerEnv } from "../../support/worker-runs.ts";
import type { TaskSpec } from "../../../src/model/task-spec.ts";

const DAY = 86_400_000;
const FIRST_DAY = Date.parse("2026-01-01T00:00:00Z");
const PATIENCE = { timeout: 10_000, interval: 50 };

beforeEach(() => failing.clear());

/** A manual run of the `day`-th day, as the API makes it. */
async function trigger(dagId: string, runId: string, day: number, specHash?: string): Promise<DagRunApi> {
  const answer = await workerEnv.DAG.getByName(dagId).createRun({
    callId: crypto.randomUUID(),
    specHash: specHash ?? dagIndex.dags[dagId]?.specHash ?? "",
    runId,
    runType: "manual",
    triggeredBy: "rest_api",
    triggeringUser: null,
    logicalDate: FIRST_DAY + day * DAY,
    dataInterval: null,
    runAfter: null,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: false,
  });
  if (answer.kind !== "created") throw new Error(`no run was made: ${JSON.stringify(answer)}`);
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  await run.create({ ...answer.create, offer: null });
  return run;
}

async function untilState(run: DagRunApi, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await run.readHead())?.state).toBe(state), PATIENCE);
}

/** The task has asked about the run before and was refused, with a reason that users see. */
async function untilWaits(run: DagRunApi, taskId: string, reason: string): Promise<void> {
  await vi.waitFor(async () => {
    expect((await statesOf(run))[taskId]).toBe("none");
    const deps = await run.readDeps(taskId, -1);
    expect(deps.find(({ dep }) => dep === "Previous Dagrun State")).toMatchObject({
      passed: false,
      reason: expect.stringContaining(reason),
    });
  }, PATIENCE);
}

async function clear(run: DagRunApi, ...taskIds: string[]): Promise<void> {
  const options = {
    select: taskIds.map((taskId) => ({ taskId })),
    includeUpstream: false,
    includeDownstream: true,
    onlyFailed: false,
    onlyRunning: false,
    resetDagRun: true,
    note: null,
  };
  await run.command({ callId: crypto.randomUUID(), command: { kind: "clear", options, dryRun: false } });
}

test("clearing an old run frees the one that waits for it, though max_active_runs is 1", async () => {
  failing.add("one/first");
  const one = await trigger("past_runs", "one", 0);
  const two = await trigger("past_runs", "two", 1);
  await untilState(one, "failed");
  await untilState(two, "running");
  await untilWaits(two, "first", "task first of the run before (one) is failed");
  failing.clear();
  await clear(one, "first");
  await untilState(one, "success");
  await untilState(two, "success");

  // A cleared task of the later run asks anew: the run before is not done any more.
  failing.add("one/first");
  await clear(one, "first");
  await untilState(one, "failed");
  await clear(two, "first");
  await untilWaits(two, "first", "task first of the run before (one) is failed");
  failing.clear();
  await clear(one, "first");
  await untilState(two, "success");
});

test("wait_for_downstream: also the task behind it must be done in the run before; a mark is enough", async () => {
  failing.add("one/second");
  const one = await trigger("past_downstream", "one", 0);
  await untilState(one, "failed");
  const two = await trigger("past_downstream", "two", 1);
  await untilWaits(two, "first", "task second of the run before (one) is failed");
  const options = {
    select: [{ taskId: "second" }],
    includeUpstream: false,
    includeDownstream: false,
    state: "success",
  } as const;
  await one.command({ callId: crypto.randomUUID(), command: { kind: "mark", options, by: "me", dryRun: false } });
  await untilState(two, "success");
});

test("deleting the run before frees the one that waits for it", async () => {
  failing.add("gone/second");
  const gone = await trigger("past_downstream", "gone", 5);
  await untilState(gone, "failed");
  const waits = await trigger("past_downstream", "waits", 6);
  await untilWaits(waits, "first", "is failed");
  // The runs of the test before are done.
  await workerEnv.DAG.getByName("past_downstream").deleteRun("gone");
  await untilState(waits, "success");
});

test("ignore_first_depends_on_past: a task that the run before did not have runs; without, it waits", async () => {
  const instant = (taskId: string, over: Partial<TaskSpec> = {}): TaskSpec =>
    aTaskSpec({ taskId, kind: "empty", ...over });
  const grows = async (dagId: string, added: TaskSpec): Promise<DagRunApi> => {
    const object = workerEnv.DAG.getByName(dagId);
    await object.syncSpec(aDagSpec({ dagId, tasks: [instant("a")] }), "v1");
    await untilState(await trigger(dagId, "before", 0, "v1"), "success");
    await object.syncSpec(aDagSpec({ dagId, tasks: [instant("a"), added] }), "v2");
    return await trigger(dagId, "after", 1, "v2");
  };
  const ignoring = await grows("ignoring", instant("b", { dependsOnPast: true, ignoreFirstDependsOnPast: true }));
  await untilState(ignoring, "success");
  const waiting = await grows("waiting", instant("b", { dependsOnPast: true }));
  await untilWaits(waiting, "b", "has no task b");
});

test.each([
  ["max_active_tasks", "limited_run"],
  ["max_active_tis_per_dagrun", "limited_task"],
])("%s: of six ready instances never more than two run", async (_limit, dagId) => {
  const { run } = await startRun(dagId);
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(peaks[dagId]).toBeLessThanOrEqual(2);
});

test("without a limit more of them run at the same time", async () => {
  const { run } = await startRun("unlimited");
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(peaks["unlimited"]).toBeGreaterThan(2);
});
