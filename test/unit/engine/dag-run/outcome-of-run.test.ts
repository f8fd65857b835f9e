/**
 * @module How runs start, end, time out and deadlock.
 */
import { EngineRun, FAILED, SKIPPED, returns } from "../engine-run.ts";
import { describe, expect, it } from "vitest";

describe("the state of a run", () => {
  it("nothing happens before it is started, and starting twice changes nothing", () => {
    const run = new EngineRun([{ taskId: "a" }]);
    expect(run.event({ kind: "timer-due" })).toMatchObject({ changed: false, dispatch: [] });
    expect(run.start()).toMatchObject({ changed: true, dispatch: [0] });
    expect(run.start()).toMatchObject({ changed: false, dispatch: [] });
  });
  it("a run without tasks succeeds at once", () => {
    const run = new EngineRun([], { callbacks: ["success"] });
    run.start();
    expect(run.run.head).toMatchObject({ state: "success", endReason: "success" });
    expect(run.last?.commands).toMatchObject([
      { kind: "run-state", state: "success", generation: 0 },
      { kind: "dag-callback", callback: "success", reason: "success" },
    ]);
  });
  it("a failed leaf fails it; a failure that a passing leaf has handled does not", () => {
    const tasks = [{ taskId: "a" }, { taskId: "clean", upstream: ["a"], triggerRule: "all_done" }] as const;
    const handled = new EngineRun(tasks);
    handled.start();
    handled.finish("a", FAILED);
    handled.finish("clean");
    expect(handled.run.head).toMatchObject({ state: "success" });
    const failed = new EngineRun(tasks, { callbacks: ["success", "failure"] });
    failed.start();
    failed.finish("a");
    failed.finish("clean", FAILED);
    expect(failed.run.head).toMatchObject({ state: "failed", endReason: "task_failure" });
    expect(failed.last?.commands).toMatchObject([
      {},
      { kind: "dag-callback", callback: "failure", reason: "task_failure" },
    ]);
  });
  it("times out as failed: everything unfinished is skipped, running attempts are fenced off", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b", upstream: ["a"] }], { dagrunTimeoutMs: 20_000 });
    expect(run.start().nextWakeAt).toBe(21_000);
    run.now = 20_000;
    run.claim("a");
    const token = run.token("a");
    run.timer(21_000);
    expect(run.run.head).toMatchObject({ state: "failed", endReason: "timed_out" });
    expect(run.states()).toEqual({ a: "skipped", b: "skipped" });
    expect(run.event({ kind: "attempts-heartbeat", tokens: [token] }).stale).toEqual([token]);
  });
  it("a run in which nothing can ever run is deadlocked", () => {
    const run = new EngineRun([
      { taskId: "src", reportLengths: ["return_value"] },
      {
        taskId: "m",
        upstream: ["src"],
        expand: { kind: "product", over: { x: { kind: "xcom", taskId: "src", key: "return_value", path: [] } } },
      },
      { taskId: "j", upstream: ["m"], triggerRule: "all_skipped" },
    ]);
    run.start();
    run.finish("src", returns(2));
    run.clear({ select: [{ taskId: "src" }], includeDownstream: true });
    run.finish("src", returns(1));
    expect(run.states()).toMatchObject({ "m[0]": "queued", "m[1]": "removed" });
    run.finish("m[0]", SKIPPED);
    expect(run.states()).toMatchObject({ j: "none" });
    expect(run.run.head).toMatchObject({ state: "failed", endReason: "all_tasks_deadlocked" });
  });
  it("fail_fast stops the rest: running tasks fail, waiting ones are skipped, teardowns go on", () => {
    const run = new EngineRun(
      [
        { taskId: "a", callbacks: ["failure"] },
        { taskId: "b", callbacks: ["failure"] },
        { taskId: "c", upstream: ["b"] },
        { taskId: "t", upstream: ["b"], isTeardown: true },
      ],
      { failFast: true },
    );
    run.start();
    run.claim("b");
    run.finish("a", FAILED);
    expect(run.states()).toEqual({ a: "failed", b: "failed", c: "skipped", t: "queued" });
    expect(run.last?.commands).toMatchObject([{ taskId: "a" }, { taskId: "b", error: { code: "fail_fast" } }]);
    run.finish("t");
    expect(run.run.head.state).toBe("failed");
  });
  it("an empty task needs no worker, unless it has callbacks or outlets", () => {
    const run = new EngineRun([
      { taskId: "a", kind: "empty" },
      { taskId: "b", kind: "empty", upstream: ["a"] },
      { taskId: "c", kind: "empty", upstream: ["b"], callbacks: ["success"] },
      { taskId: "d", kind: "empty", upstream: ["b"], outlets: ["s3://x"] },
    ]);
    run.start();
    expect(run.states()).toEqual({ a: "success", b: "success", c: "queued", d: "queued" });
    expect(run.instance("b")).toMatchObject({ tryNumber: 1, startedAt: 1000, endedAt: 1000 });
  });
  it("numbers its changes without gaps and stamps them on what changed", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b" }]);
    run.start();
    expect([run.run.head.seq, run.instance("a").seq, run.instance("b").seq]).toEqual([1, 1, 1]);
    run.finish("b");
    expect([run.run.head.seq, run.instance("a").seq, run.instance("b").seq]).toEqual([3, 1, 3]);
    run.event({ kind: "timer-due" });
    expect(run.run.head.seq).toBe(3);
  });
  it("never goes back in time", () => {
    const run = new EngineRun([{ taskId: "a" }]);
    run.start();
    run.now = 500;
    run.claim("a");
    expect(run.instance("a").startedAt).toBe(1000);
  });
});
