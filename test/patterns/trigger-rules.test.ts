/**
 * @module Pattern "Trigger Rules": all_success, one_success, one_failed and all_done beside each other.
 */
import { chain, dag, task } from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";
import { triggerRules } from "../../dags/trigger_rules.ts";

function states(run: Awaited<ReturnType<typeof testDag>>): Record<string, string | undefined> {
  return Object.fromEntries(["task1", "task2", "task3", "cleanup"].map((id) => [id, run.tasks[id]?.state]));
}

test("when all upstream tasks succeeded, one_failed is skipped and all_done runs", async () => {
  const run = await testDag(triggerRules);
  expect(states(run)).toEqual({ task1: "success", task2: "success", task3: "skipped", cleanup: "success" });
});

test("when one of two failed, all_success is upstream_failed and the three others run", async () => {
  const run = await testDag(triggerRules, { params: { down: ["b"] } });
  expect(states(run)).toEqual({ task1: "upstream_failed", task2: "success", task3: "success", cleanup: "success" });
});

test("when all failed, one_success is upstream_failed", async () => {
  const run = await testDag(triggerRules, { params: { down: ["a", "b"] } });
  expect(states(run)).toEqual({
    task1: "upstream_failed",
    task2: "upstream_failed",
    task3: "success",
    cleanup: "success",
  });
});

test("an all_done cleanup as last task gives a successful run though a task failed", async () => {
  expect((await testDag(triggerRules, { params: { down: ["a", "b"] } })).state).toBe("success");
});

test("without upstream tasks every rule runs, as in the document's own wiring", async () => {
  const work = async () => {};
  const wired = dag("document_wiring", { schedule: null }, () => {
    const first = task("task1", work)();
    const second = task("task2", { triggerRule: "one_success" }, work)();
    const third = task("task3", { triggerRule: "one_failed" }, work)();
    chain([first, second, third], task("cleanup", { triggerRule: "all_done" }, work)());
  });
  expect(states(await testDag(wired))).toEqual({
    task1: "success",
    task2: "success",
    task3: "success",
    cleanup: "success",
  });
});
