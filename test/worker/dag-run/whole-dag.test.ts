/**
 * @module Whole DAGs in real workerd: object, queue, consumer, runtime, R2.
 */
import { driveFromHttp, httpOffer } from "../../../src/cloudflare/task-queue/drive.ts";
import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { expect, test } from "vitest";
import { resultOf, startRun, type StartedRun, statesOf, workerEnv } from "../../support/worker-runs.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { starts } from "../dags/pipelines.ts";
import type { TaskInstanceView } from "../../../src/model/protocol.ts";

test("a chain runs through the real queue to its end", async () => {
  const { run } = await startRun("etl");
  const head = await run.wait(10_000);
  expect(head?.state).toBe("success");
  expect(await statesOf(run)).toEqual({ extract: "success", transform: "success", load: "success" });
  expect(await resultOf(run, "load")).toBe(12);
});

test("an ended run that was waited for is in D1, with its task instances", async () => {
  const { run, dagId, runId } = await startRun("etl");
  await run.wait(10_000);
  const runs = workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = ? AND run_id = ?").bind(dagId, runId);
  const instances = workerEnv.DB.prepare(
    "SELECT task_id, state FROM task_instance WHERE dag_id = ? AND run_id = ? ORDER BY task_id",
  ).bind(dagId, runId);
  expect((await runs.all()).results).toEqual([{ state: "success" }]);
  expect((await instances.all()).results).toEqual(
    ["extract", "load", "transform"].map((task_id) => ({ task_id, state: "success" })),
  );
});

test("a mapped task runs once per element and its values come together in order", async () => {
  const { run } = await startRun("fan_out");
  expect((await run.wait(20_000))?.state).toBe("success");
  expect(await resultOf(run, "sum")).toBe(4_900);
  expect((await run.readTaskInstances({ taskIds: ["square"], offset: 0, limit: 100 })).total).toBe(25);
});

test("a large XCom lies in R2, checked by size and hash, and is read by the next task", async () => {
  const { run, incarnation } = await startRun("large");
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(await resultOf(run, "measure")).toBe(200_000);
  const { entries } = await run.readXComs({ taskIds: ["big"], key: null, limit: 10 });
  const value = entries[0]?.value;
  expect(value?.in).toBe("r2");
  const key = value?.in === "r2" ? value.key : "";
  expect(key).toContain(incarnation);
  expect((await workerEnv.OBJECTS.head(key))?.size).toBe(value?.in === "r2" ? value.size : -1);
});

test("the history is the same with hand-off and without", async () => {
  const viaQueue = await startRun("etl");
  await viaQueue.run.wait(10_000);

  const longest = { extract: 1, transform: 1, load: 1 };
  const handedOff = await startRun("etl", { offer: httpOffer(Date.now()), longest });
  const ctx = createExecutionContext();
  expect(handedOff.answer.next?.attempts.map((attempt) => attempt.taskId)).toEqual(["extract"]);
  if (handedOff.answer.next !== null) await driveFromHttp(workerEnv, ctx, dagIndex, handedOff.answer.next);
  await waitOnExecutionContext(ctx);

  expect(await historyOf(handedOff)).toEqual(await historyOf(viaQueue));
  const usage = await handedOff.run.readHead();
  // Create, three reports; no claim and no queue message.
  expect(usage?.usage.queueMessages).toBe(0);
  expect((await viaQueue.run.readHead())?.usage.queueMessages).toBeGreaterThan(0);
});

test("a task that fails once is tried again, its retry callback writes into the log of the failed try", async () => {
  const { run } = await startRun("retried");
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(await resultOf(run, "flaky")).toBe(2);
  expect((await run.readTries("flaky", -1)).map((one) => [one.tryNumber, one.state])).toContainEqual([1, "failed"]);
  await expect
    .poll(async () => (await run.readLog("flaky", -1, 1, 0, 100)).lines, { timeout: 5_000 })
    .toContain("again after the first try fails");
});

test("isolated tasks and named queues have their own way and end the same", async () => {
  const { run } = await startRun("routed");
  expect((await run.wait(10_000))?.state).toBe("success");
  expect(await statesOf(run)).toEqual({ alone: "success", heavy: "success" });
});

test("a DAG whose code is gone fails its attempts with the reason, not the queue", async () => {
  const spec = aDagSpec({ dagId: "gone", tasks: [aTaskSpec({ taskId: "a" })] });
  const run = workerEnv.DAG_RUN.getByName("gone/one");
  const head = aDagRunHead({ dagId: "gone", runId: "one", incarnation: "inc-gone", lastNow: Date.now() });
  await run.create({ head, specText: JSON.stringify(spec), longest: {}, start: true, offer: null });
  expect((await run.wait(10_000))?.state).toBe("failed");
  const { views } = await run.readTaskInstances({ offset: 0, limit: 1 });
  expect(views[0]?.error).toMatchObject({ code: "dag_not_found" });
});

test("long logs are archived in R2 at the end and read from there, page by page", async () => {
  const { run, runId, incarnation } = await startRun("verbose");
  await run.wait(10_000);
  await expect
    .poll(
      async () => (await workerEnv.OBJECTS.list({ prefix: `logs/verbose/${runId}/${incarnation}/` })).objects.length,
      { timeout: 5_000 },
    )
    .toBe(1);
  const page = await run.readLog("chatty", -1, 1, 998, 1);
  expect([page.lines.includes("998 l"), page.next]).toEqual([true, 999]);
});

test("twenty long tasks of different runs go on side by side", { timeout: 60_000 }, async () => {
  starts.length = 0;
  const runs = await Promise.all(Array.from({ length: 20 }, () => startRun("together")));
  const heads = await Promise.all(runs.map(({ run }) => run.wait(40_000)));
  expect(heads.map((head) => head?.state)).toEqual(runs.map(() => "success"));
});

/** What a user sees of a run, without times and sequence numbers. */
async function historyOf({ run }: StartedRun): Promise<unknown> {
  const { views } = await run.readTaskInstances({ offset: 0, limit: 100 });
  const { entries } = await run.readXComs({ taskIds: [], key: null, limit: 100 });
  const head = await run.readHead();
  return {
    state: [head?.state, head?.endReason],
    instances: views.map((view: TaskInstanceView) => [
      view.taskId,
      view.state,
      view.tryNumber,
      view.maxTries,
      view.error,
    ]),
    xcoms: entries.map((entry) => [entry.taskId, entry.key, entry.value]),
  };
}
