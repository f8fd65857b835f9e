/**
 * @module Pattern "Conditional Branching Pattern": a check chooses what runs next.
 */
import { expect, test } from "vitest";
import { qualityBranching } from "../../dags/quality_branching.ts";
import { shortCircuitExample } from "../../dags/short_circuit.ts";
import { testDag } from "airflare/testing";

test("the check stands between the extract and both branches", () => {
  expect(qualityBranching.getTask("quality_check")).toMatchObject({
    operatorName: "BranchPythonOperator",
    upstreamTaskIds: ["extract"],
    downstreamTaskIds: ["process_data", "send_alert"],
  });
});

test("with rows they are processed and the alert is skipped", async () => {
  const run = await testDag(qualityBranching, { params: { limit: 10 } });
  expect(run.tasks["process_data"]?.state).toBe("success");
  expect(run.tasks["send_alert"]?.state).toBe("skipped");
  expect(run.tasks["report"]?.result).toMatch(/^average spend \d/);
});

test("without rows the alert is sent, nothing is processed, and the report comes all the same", async () => {
  const run = await testDag(qualityBranching, { params: { limit: 0 } });
  expect(run.tasks["process_data"]?.state).toBe("skipped");
  expect(run.tasks["send_alert"]?.state).toBe("success");
  expect(run.tasks["report"]).toMatchObject({ state: "success", result: "nothing to process" });
  expect(run.state).toBe("success");
});

test("a short circuit skips all that follows when there is nothing to do", async () => {
  const run = await testDag(shortCircuitExample, { params: { orders: 0 } });
  for (const id of ["invoice", "latest_only", "publish"]) expect(run.tasks[id]?.state).toBe("skipped");
  expect(run.state).toBe("success");
});

test("latest only lets a run that was triggered by hand go on", async () => {
  const run = await testDag(shortCircuitExample);
  expect(run.tasks["publish"]?.state).toBe("success");
});
