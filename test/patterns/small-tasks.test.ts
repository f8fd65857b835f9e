/**
 * @module Practice "Small Tasks": of 1,000 parts one fails. That only this part and its downstream run again is shown in `test/worker/examples.test.ts`.
 */
import { expect, test } from "vitest";
import { smallTasks } from "../../dags/small_tasks.ts";
import { testDag } from "airflare/testing";

test("of 1,000 mapped tasks one fails, the others succeed, and each can be seen", async () => {
  const run = await testDag(smallTasks, { params: { failing: 417 } });
  const parts = run.taskInstances.filter(({ taskId }) => taskId === "sum_part");
  expect(parts).toHaveLength(1_000);
  expect(parts.filter(({ state }) => state !== "success").map(({ mapIndex, state }) => ({ mapIndex, state }))).toEqual([
    { mapIndex: 417, state: "failed" },
  ]);
  expect(run.tasks["total"]?.state).toBe("upstream_failed");
});
