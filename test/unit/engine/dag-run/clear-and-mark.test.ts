/**
 * @module What users do to a run: clear, mark, cancel, notes.
 */
import { EngineRun, FAILED, SUCCESS, clearOptions } from "../engine-run.ts";
import { describe, expect, it } from "vitest";
import { selectForClear, selectForMark } from "../../../../src/engine/dag-run/select.ts";
import type { Task } from "../engine-run.ts";

const CHAIN: readonly Task[] = [
  { taskId: "a" },
  { taskId: "b", upstream: ["a"], retries: 1, retryDelayMs: 0 },
  { taskId: "c", upstream: ["b"] },
];

/** a succeeded, b failed twice, c is upstream_failed. */
function failedRun(): EngineRun {
  const run = new EngineRun(CHAIN);
  run.start();
  run.finish("a");
  run.finish("b", FAILED);
  run.finish("b", FAILED);
  return run;
}

describe("clear", () => {
  it("runs failed tasks again, with new retries, and reopens the run", () => {
    const run = failedRun();
    expect(run.run.head.state).toBe("failed");
    const result = run.clear({ onlyFailed: true });
    expect(run.states()).toEqual({ a: "success", b: "queued", c: "none" });
    expect(run.instance("b")).toMatchObject({ tryNumber: 3, maxTries: 4 });
    expect(result.tries).toMatchObject([{ ord: 1, tryNumber: 2, state: "failed" }]);
    expect(run.run.head).toMatchObject({ state: "running", generation: 1, endedAt: null, endReason: null });
    expect(result.commands).toMatchObject([{ kind: "run-state", state: "running", generation: 1 }]);
    run.finish("b");
    run.finish("c");
    expect(run.run.head).toMatchObject({ state: "success", generation: 1 });
  });
  it("without reopening leaves the run as it ended", () => {
    const run = failedRun();
    run.clear({ onlyFailed: true, resetDagRun: false });
    expect(run.states()).toEqual({ a: "success", b: "none", c: "none" });
    expect(run.run.head.state).toBe("failed");
  });
  it("fences a running attempt off and starts it again", () => {
    const run = new EngineRun(CHAIN);
    run.start();
    run.claim("a");
    const token = run.token("a");
    run.clear({ select: [{ taskId: "a" }] });
    expect(run.instance("a")).toMatchObject({ state: "queued", tryNumber: 2, maxTries: 2 });
    expect(run.report([token], SUCCESS).stale).toEqual([token]);
  });
  it("tells which XComs vanish", () => {
    const run = failedRun();
    expect(run.clear({ select: [{ taskId: "a" }] }).xcomsCleared).toEqual([0]);
  });
  it("selects up- and downstream, only failed, only running, for dry runs too", () => {
    const { run } = failedRun();
    const select = (options: Parameters<typeof clearOptions>[0]): number[] =>
      selectForClear(run, clearOptions(options));
    expect(select({ select: [{ taskId: "b" }] })).toEqual([1]);
    expect(select({ select: [{ taskId: "b" }], includeUpstream: true, includeDownstream: true })).toEqual([0, 1, 2]);
    expect(select({ select: [{ taskId: "a" }], includeDownstream: true, onlyFailed: true })).toEqual([1, 2]);
    expect(select({ onlyFailed: true })).toEqual([1, 2]);
    expect(select({ select: [{ taskId: "a" }], onlyRunning: true })).toEqual([]);
    expect(() => select({ select: [{ taskId: "x" }] })).toThrow(/has no task x/);
    expect(() => select({ select: [{ taskId: "a", mapIndexes: [4] }] })).toThrow(/no instance with map index 4/);
  });
});

describe("mark", () => {
  it("success lets the run go on: what failed below is cleared", () => {
    const run = failedRun();
    run.mark("b", "success");
    expect(run.states()).toEqual({ a: "success", b: "success", c: "queued" });
    expect(run.run.head.state).toBe("running");
  });
  it("failed runs the failure callback and fences the attempt off", () => {
    const run = new EngineRun([{ taskId: "a", callbacks: ["failure"] }]);
    run.start();
    run.claim("a");
    const token = run.token("a");
    run.mark("a", "failed");
    expect(run.last?.commands).toMatchObject([
      { callback: "failure", error: { code: "marked_failed" } },
      { state: "failed" },
    ]);
    expect(run.report([token], SUCCESS).stale).toEqual([token]);
  });
  it("upstream_failed runs no callback", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b", upstream: ["a"], callbacks: ["failure"] }]);
    run.start();
    run.finish("a", FAILED);
    expect(run.last?.commands.filter((command) => command.kind === "task-callback")).toEqual([]);
  });
  it("leaves out what already is in that state", () => {
    const { run } = failedRun();
    const options = {
      select: [{ taskId: "b" }],
      includeUpstream: true,
      includeDownstream: false,
      state: "success",
    } as const;
    expect(selectForMark(run, options)).toEqual([1]);
  });
});

describe("the run as a whole", () => {
  const tasks: readonly Task[] = [
    { taskId: "a" },
    { taskId: "b" },
    { taskId: "c", upstream: ["b"] },
    { taskId: "t", upstream: ["a", "c"], isTeardown: true },
  ];
  const started = (list: readonly Task[]): EngineRun => {
    const run = new EngineRun(list);
    run.start();
    run.claim("a");
    return run;
  };
  it("cancelled: what runs fails, what waits is skipped", () => {
    const run = started(tasks.slice(0, 3));
    run.event({ kind: "run-cancelled", by: "ann" });
    expect(run.states()).toEqual({ a: "failed", b: "skipped", c: "skipped" });
    expect(run.run.head).toMatchObject({ state: "failed", endReason: "cancelled" });
    expect(run.event({ kind: "run-cancelled", by: "ann" }).changed).toBe(false);
  });
  it("cancelled with a teardown: the teardown still runs, then the run ends as failed", () => {
    const run = started(tasks);
    run.event({ kind: "run-cancelled", by: "ann" });
    expect(run.states()).toEqual({ a: "failed", b: "skipped", c: "skipped", t: "queued" });
    expect(run.run.head.state).toBe("running");
    run.finish("t");
    expect(run.run.head).toMatchObject({ state: "failed", endReason: "cancelled" });
  });
  it("cancelled before it started", () => {
    const run = new EngineRun(tasks);
    run.event({ kind: "run-cancelled", by: "ann" });
    expect(run.run.head).toMatchObject({ state: "failed", startedAt: null });
    expect(new Set(Object.values(run.states()))).toEqual(new Set(["skipped"]));
    expect(run.start().changed).toBe(false);
  });
  it("marked success, failed, and let run on", () => {
    const run = started(tasks.slice(0, 3));
    run.event({ kind: "run-marked", state: "success", by: "ann" });
    expect(new Set(Object.values(run.states()))).toEqual(new Set(["success"]));
    expect(run.run.head).toMatchObject({ state: "success", endReason: "marked" });
    run.event({ kind: "run-marked", state: "failed", by: "ann" });
    expect(run.run.head).toMatchObject({ state: "failed", generation: 0 });
    run.event({ kind: "run-marked", state: "queued", by: "ann" });
    expect(run.run.head).toMatchObject({ state: "success", generation: 1 });
  });
  it("notes are told by ord, the run's own as -1", () => {
    const run = started(tasks);
    expect(run.event({ kind: "note-set", select: { taskId: "b" }, note: "look" }).notes).toEqual([
      { ord: 1, note: "look" },
    ]);
    expect(run.event({ kind: "note-set", select: null, note: "all" }).notes).toEqual([{ ord: -1, note: "all" }]);
    expect(run.run.head.note).toBe("all");
  });
});
