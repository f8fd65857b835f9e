/**
 * @module The sentences a user reads when a task does not run.
 */
import { EngineRun, FAILED } from "../engine-run.ts";
import { describe, expect, it } from "vitest";
import { explain } from "../../../../src/engine/deps/explain.ts";
import type { AttemptOutcome } from "../../../../src/model/outcome.ts";

/** The sentences of what holds an instance back. */
function blocking(run: EngineRun, name: string): string[] {
  const statuses = explain(run.run, run.instance(name).ord, run.now);
  return statuses.filter((status) => !status.passed).map((status) => `${status.dep}: ${status.reason}`);
}

describe("why a task instance does not run", () => {
  it("the run has not started", () => {
    expect(blocking(new EngineRun([{ taskId: "a" }]), "a")).toEqual([
      "Dag Run State: The run waits for max_active_runs: other runs of this DAG have to end first.",
    ]);
  });
  it("its trigger rule is not met", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b" }, { taskId: "c", upstream: ["a", "b"] }]);
    run.start();
    run.finish("a");
    expect(blocking(run, "c")).toEqual([
      "Trigger Rule: Trigger rule all_success: of 2 upstream task instance(s) 1 succeeded, 1 are not finished.",
    ]);
  });
  it("it is deferred", () => {
    const run = new EngineRun([{ taskId: "a" }]);
    run.start();
    const deferral = { trigger: { kind: "date-time", at: 61_000 }, method: null, kwargs: "", timeoutAt: null } as const;
    run.finish("a", { kind: "deferred", at: 61_000, deferral });
    expect(blocking(run, "a")).toEqual([
      "Deferral: Deferred with a date-time trigger, which is looked at in 60 s, or when it fires.",
    ]);
  });
  it("a limit is reached", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b" }], { maxActiveTasks: 1 });
    run.start();
    expect(blocking(run, "b")).toEqual([
      "Max Active Tasks: 1 of 1 (max_active_tasks) task instances of this run are queued or running.",
    ]);
  });
  it("it waits for a worker, a retry, a poke", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, retryDelayMs: 90_000 }, { taskId: "s" }]);
    run.start();
    expect(blocking(run, "a")[0]).toMatch(/^Worker: Sent 1 time\(s\) to queue "default"/);
    run.finish("a", FAILED);
    expect(blocking(run, "a")).toEqual(["Not In Retry Period: Try 1 of 2 failed; the next one starts in 90 s."]);
    const again: AttemptOutcome = { kind: "reschedule", at: 31_000 };
    run.finish("s", again);
    expect(blocking(run, "s")).toEqual([
      "Ready To Reschedule: Poked 1 time(s) without success; the next poke is in 30 s.",
    ]);
  });
  it("the run before has not answered, or said no", () => {
    const run = new EngineRun([{ taskId: "a", dependsOnPast: true }]);
    run.start();
    expect(blocking(run, "a")[0]).toMatch(/the answer about the run before has not come yet/);
    run.event({ kind: "watched-state", watchId: "a", passed: false, reason: "It failed in run x." });
    expect(blocking(run, "a")).toEqual(["Previous Dagrun State: It failed in run x."]);
  });
  it("what it is mapped over is not there", () => {
    const run = new EngineRun([
      { taskId: "src", reportLengths: ["return_value"] },
      {
        taskId: "m",
        upstream: ["src"],
        expand: { kind: "product", over: { x: { kind: "xcom", taskId: "src", key: "return_value", path: [] } } },
      },
    ]);
    run.start();
    expect(blocking(run, "m")[1]).toMatch(/not there yet \(from src\)/);
  });
  it("it has ended", () => {
    const run = new EngineRun([{ taskId: "a" }]);
    run.start();
    run.finish("a");
    expect(blocking(run, "a")).toHaveLength(2);
    expect(explain(run.run, 99, 0)).toEqual([]);
  });
});
