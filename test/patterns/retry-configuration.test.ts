/**
 * @module Pattern "Retry Configuration": a task's own retry policy, and a function that repeats an operation itself.
 */
import { expect, test } from "vitest";
import { retries, withAttempts } from "../../dags/retries.ts";
import { testDag } from "airflare/testing";

test("the task keeps its own retry policy", () => {
  expect(retries.getTask("call_api")).toMatchObject({
    retries: 5,
    retryDelayMs: 300_000,
    retryExponentialBackoff: 2,
    maxRetryDelayMs: 3_600_000,
  });
});

test("a task that fails twice is tried a third time", async () => {
  const run = await testDag(retries, { params: { failures: 2 } });
  expect(run.tasks["call_api"]).toMatchObject({ state: "success", tryNumber: 3, result: { attempts: 3 } });
});

test("a task that fails more often than it has retries fails the run", async () => {
  const run = await testDag(retries, { params: { failures: 6 } });
  expect(run.tasks["call_api"]).toMatchObject({ state: "failed", tryNumber: 6 });
  expect(run.state).toBe("failed");
});

test("a loop inside the function counts as one attempt", async () => {
  const run = await testDag(retries);
  expect(run.tasks["my_func_with_retry"]).toMatchObject({ state: "success", tryNumber: 1, result: { attempt: 3 } });
});

test("the loop gives up with the last error", async () => {
  const seen: number[] = [];
  const failing = withAttempts(
    3,
    async (attempt) => {
      throw new Error(`no ${attempt}`);
    },
    async (attempt) => {
      seen.push(attempt);
    },
  );
  await expect(failing).rejects.toThrow("no 3");
  expect(seen).toEqual([1, 2]);
});
