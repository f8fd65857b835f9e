/**
 * @module Limits of the run and of the task, and who goes first.
 */
import { EngineRun } from "../engine-run.ts";
import { describe, expect, it } from "vitest";

const many = (count: number, over: object = {}): { taskId: string }[] =>
  Array.from({ length: count }, (_, i) => ({ taskId: `t${i}`, ...over }));

describe("limits and priority", () => {
  it("max_active_tasks holds back what is ready, and lets it go when there is room", () => {
    const run = new EngineRun(many(4), { maxActiveTasks: 2 });
    run.start();
    expect(run.states()).toEqual({ t0: "queued", t1: "queued", t2: "scheduled", t3: "scheduled" });
    run.finish("t1");
    expect(run.names(run.last?.dispatch ?? [])).toEqual(["t2"]);
  });
  it("max_active_tis_per_dagrun counts one task's instances and holds up no other task", () => {
    const run = new EngineRun([
      {
        taskId: "m",
        maxActiveTisPerDagrun: 1,
        expand: { kind: "product", over: { x: { kind: "literal", text: "", length: 3 } } },
      },
      { taskId: "free" },
    ]);
    run.start();
    expect(run.states()).toEqual({ "m[0]": "queued", free: "queued", "m[1]": "scheduled", "m[2]": "scheduled" });
    run.finish("m[0]");
    expect(run.names(run.last?.dispatch ?? [])).toEqual(["m[1]"]);
    run.finish("m[1]");
    run.finish("m[2]");
    run.finish("free");
    expect(run.run.head.state).toBe("success");
  });
  it("the highest priority weight goes first, then the order of creation", () => {
    const run = new EngineRun(
      [
        { taskId: "low" },
        { taskId: "high", priorityWeight: 5, weightRule: "absolute" },
        { taskId: "root" },
        { taskId: "leaf", upstream: ["root"] },
        { taskId: "same" },
      ],
      { maxActiveTasks: 3 },
    );
    expect(run.names(run.start().dispatch)).toEqual(["high", "root", "low"]);
  });
  it("a task waiting for a retry holds no place", () => {
    const run = new EngineRun(many(2, { retries: 1, retryDelayMs: 1000 }), { maxActiveTasks: 1 });
    run.start();
    run.finish("t0", { kind: "failed", error: { code: "Error", message: "x" }, retry: true });
    expect(run.states()).toEqual({ t0: "up_for_retry", t1: "queued" });
    run.timer(2000);
    expect(run.states()).toEqual({ t0: "scheduled", t1: "queued" });
  });
});
