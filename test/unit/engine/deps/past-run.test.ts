/**
 * @module `depends_on_past` and `wait_for_downstream` judged against the run before. Airflow's own answers: test/conformance/past-deps.test.ts.
 */
import { expect, test } from "vitest";
import { judgePastRun } from "../../../../src/engine/deps/past-run.ts";

test("a run before without the task blocks, unless ignore_first_depends_on_past is set", () => {
  const past = { runId: "one", instances: [] };
  expect(judgePastRun({ taskId: "a", downstream: [], ignoreFirst: false }, past)).toMatchObject({ passed: false });
  expect(judgePastRun({ taskId: "a", downstream: [], ignoreFirst: true }, past)).toMatchObject({ passed: true });
});

test("the reason names the task, its state and the run", () => {
  const past = { runId: "one", instances: [{ taskId: "a", state: "failed" }] as const };
  expect(judgePastRun({ taskId: "a", downstream: [], ignoreFirst: false }, past).reason).toContain(
    "task a of the run before (one) is failed",
  );
});
