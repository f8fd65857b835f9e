/**
 * @module Tries and pokes over time, with their callbacks.
 */
import { EngineRun, FAILED, SKIPPED, SUCCESS } from "../engine-run.ts";
import { describe, expect, it } from "vitest";

const SENSOR = {
  pokeIntervalMs: 60_000,
  timeoutMs: 600_000,
  mode: "reschedule",
  softFail: false,
  silentFail: false,
  neverFail: false,
  exponentialBackoff: false,
  maxWaitMs: null,
} as const;

describe("retries", () => {
  it("a failed try waits for its delay and then runs as the next try", () => {
    const run = new EngineRun([
      { taskId: "a", retries: 1, retryDelayMs: 5000, callbacks: ["retry", "failure", "execute"] },
    ]);
    run.start();
    run.finish("a", FAILED);
    expect(run.instance("a")).toMatchObject({ state: "up_for_retry", dueAt: 6000, tryNumber: 1 });
    expect(run.last?.tries).toMatchObject([{ ord: 0, tryNumber: 1, state: "failed", error: "Error: boom" }]);
    expect(run.last?.commands).toMatchObject([{ callback: "retry", tryNumber: 1, error: { message: "boom" } }]);
    expect(run.timer(5999).changed).toBe(false);
    expect(run.timer(6000)).toMatchObject({ dispatch: [0], xcomsCleared: [0] });
    expect(run.instance("a").tryNumber).toBe(2);
    run.claim("a");
    // The attempt itself runs the `execute` callback.
    expect(run.last?.commands).toEqual([]);
    run.finish("a", FAILED);
    expect(run.states()).toEqual({ a: "failed" });
    expect(run.last?.commands).toMatchObject([
      { callback: "failure", tryNumber: 2 },
      { kind: "run-state", state: "failed" },
    ]);
  });
  it("a failure that forbids a retry ends the task", () => {
    const run = new EngineRun([{ taskId: "a", retries: 5 }]);
    run.start();
    run.finish("a", {
      ...FAILED,
      kind: "failed",
      error: { code: "AirflowFailException", message: "no" },
      retry: false,
    });
    expect(run.instance("a")).toMatchObject({ state: "failed", tryNumber: 1 });
  });
  it("the author's own delay wins over the policy's", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, retryDelayMs: 5000 }]);
    run.start();
    run.finish("a", { kind: "failed", error: { code: "Error", message: "later" }, retry: true, retryAfterMs: 42 });
    expect(run.instance("a").dueAt).toBe(1042);
  });
  it("a task that skips itself is skipped, with its callback", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, callbacks: ["skipped", "success"] }]);
    run.start();
    run.finish("a", SKIPPED);
    expect(run.last?.commands).toMatchObject([{ callback: "skipped", reason: "not today" }, { kind: "run-state" }]);
    expect(run.run.head.state).toBe("success");
  });
});

describe("sensors", () => {
  it("a poke that finds nothing comes again at its time, in the same try", () => {
    const run = new EngineRun([{ taskId: "s", kind: "sensor", sensor: SENSOR, callbacks: ["execute"] }]);
    run.start();
    run.now = 2000;
    run.finish("s", { kind: "reschedule", at: 62_000 });
    expect(run.instance("s")).toMatchObject({
      state: "up_for_reschedule",
      dueAt: 62_000,
      pokes: 1,
      firstPokedAt: 1990,
    });
    run.timer(62_000);
    expect(run.instance("s")).toMatchObject({ state: "queued", tryNumber: 1 });
    run.claim("s");
    expect(run.last?.commands).toEqual([]);
    run.finish("s", SUCCESS);
    expect(run.instance("s")).toMatchObject({ state: "success", tryNumber: 1, elapsedMs: 20 });
  });
  it.each([
    ["reschedule", 1990],
    ["poke", 0],
  ] as const)("in mode %s the next try counts its time-out from %i", (mode, firstPokedAt) => {
    const run = new EngineRun([
      { taskId: "s", kind: "sensor", retries: 1, retryDelayMs: 0, sensor: { ...SENSOR, mode } },
    ]);
    run.start();
    run.now = 2000;
    run.finish("s", { kind: "reschedule", at: 3000 });
    run.timer(3000);
    run.finish("s", FAILED);
    expect(run.instance("s")).toMatchObject({ state: "queued", tryNumber: 2, pokes: 0, firstPokedAt });
  });
});

describe("a wake-up", () => {
  const SLOW = { kind: "reschedule", at: 600_000 } as const;
  const sensorRun = (): EngineRun => {
    const run = new EngineRun([{ taskId: "s", kind: "sensor", sensor: SENSOR }]);
    run.start();
    return run;
  };
  it("lets a waiting sensor poke at once, in the same try", () => {
    const run = sensorRun();
    run.finish("s", SLOW);
    expect(run.instance("s").state).toBe("up_for_reschedule");
    run.wake("s");
    expect(run.instance("s")).toMatchObject({ state: "queued", tryNumber: 1, pokes: 1 });
  });
  it("that comes during a poke lets it poke once more, and only once", () => {
    const run = sensorRun();
    run.claim("s");
    run.wake("s");
    expect(run.instance("s").state).toBe("running");
    run.finish("s", SLOW);
    expect(run.instance("s")).toMatchObject({ state: "queued", pokes: 1 });
    run.finish("s", SLOW);
    expect(run.instance("s")).toMatchObject({ state: "up_for_reschedule", dueAt: 600_000 });
  });
  it("changes nothing of a task that has ended, does not exist, or has not begun", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b", upstream: ["a"] }]);
    run.start();
    expect(run.wake("b").changed).toBe(false);
    expect(run.wake("nowhere").changed).toBe(false);
    run.finish("a", SUCCESS);
    expect(run.wake("a").changed).toBe(false);
  });
});

describe("deferral", () => {
  const deferral = { trigger: { kind: "date-time", at: 9000 }, method: null, kwargs: "[{}]", timeoutAt: null } as const;
  const DEFERRED = { kind: "deferred", at: 9000, deferral } as const;
  it("waits for its time as deferred and goes on in the same try, with what it left", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, retryDelayMs: 0 }]);
    run.start();
    run.finish("a", DEFERRED);
    expect(run.instance("a")).toMatchObject({ state: "deferred", dueAt: 9000, tryNumber: 1 });
    expect(run.timer(8999).changed).toBe(false);
    run.timer(9000);
    expect(run.instance("a")).toMatchObject({ state: "queued", tryNumber: 1 });
    expect(run.run.facts.get(0)).toEqual({ deferral });
    run.finish("a", SUCCESS);
    expect(run.run.facts.get(0)).toBeUndefined();
    expect(run.states()).toEqual({ a: "success" });
  });
  it("is woken before its time", () => {
    const run = new EngineRun([{ taskId: "a" }]);
    run.start();
    run.finish("a", DEFERRED);
    run.wake("a");
    expect(run.instance("a").state).toBe("queued");
  });
  it("is forgotten by the next try and by a clear", () => {
    const run = new EngineRun([{ taskId: "a", retries: 1, retryDelayMs: 0 }]);
    run.start();
    run.finish("a", DEFERRED);
    run.timer(9000);
    run.finish("a", FAILED);
    expect(run.instance("a").tryNumber).toBe(2);
    expect(run.run.facts.get(0)).toBeUndefined();
  });
  it("keeps the run alive: a deferred task is no deadlock", () => {
    const run = new EngineRun([{ taskId: "a" }, { taskId: "b", upstream: ["a"] }]);
    run.start();
    run.finish("a", DEFERRED);
    expect(run.run.head.state).toBe("running");
    expect(run.states()).toEqual({ a: "deferred", b: "none" });
  });
});
