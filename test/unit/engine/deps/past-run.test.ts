/**
 * @module `depends_on_past` and `wait_for_downstream` against every row of Airflow's own answers.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { judgePastRun } from "../../../../src/engine/deps/past-run.ts";
import type { TaskInstanceState } from "../../../../src/model/state.ts";

interface Row {
  readonly catchup: boolean;
  readonly flag: "none" | "depends_on_past" | "wait_for_downstream";
  readonly run1_type: string;
  readonly run2_type: string;
  readonly run1_a: TaskInstanceState | null;
  readonly run1_b: TaskInstanceState | null;
  readonly run1_a_can_run: boolean;
  readonly run2_a_can_run: boolean;
}

const folder = process.env["CONFORMANCE_DIR"] ?? join(import.meta.dirname, "../../../conformance/data");
const data: { readonly rows: readonly Row[] } = JSON.parse(readFileSync(join(folder, "past-deps.json"), "utf8"));
const rows = data.rows.filter((row) => row.flag !== "none");

test.each(rows)("$flag, catchup $catchup, $run1_type before $run2_type: $run1_a, $run1_b", (row) => {
  // With catchup a manual run is not the run before; the DAG's object looks past it.
  const past =
    row.catchup && row.run1_type === "manual"
      ? null
      : {
          runId: "one",
          instances: [
            { taskId: "a", state: row.run1_a ?? "none" },
            { taskId: "b", state: row.run1_b ?? "none" },
          ] as const,
        };
  const downstream = row.flag === "wait_for_downstream" ? ["b"] : [];
  expect(judgePastRun({ taskId: "a", downstream, ignoreFirst: false }, past).passed).toBe(row.run2_a_can_run);
  expect(judgePastRun({ taskId: "a", downstream, ignoreFirst: false }, null).passed).toBe(row.run1_a_can_run);
});

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
