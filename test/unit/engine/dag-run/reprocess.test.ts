/**
 * @module A backfill runs an ended run again.
 */
import { describe, expect, it } from "vitest";
import { EngineRun, FAILED } from "../engine-run.ts";

const TASKS = [{ taskId: "a" }, { taskId: "b", upstream: ["a"] }];
const ORDER = { kind: "run-reprocessed", backfillId: "7", conf: null } as const;

function ended(): EngineRun {
  const params = { n: { schema: {}, value: 1, description: null } };
  const run = new EngineRun(TASKS, { params }, {}, { conf: { old: 1 }, params: { n: 1, old: 1 } });
  run.start();
  run.finish("a");
  run.finish("b", FAILED);
  expect(run.run.head.state).toBe("failed");
  return run;
}

describe("a run that a backfill takes over", () => {
  it("starts from the beginning, as the backfill's run, with its own conf", () => {
    const run = ended();
    run.event(ORDER);
    expect(run.run.head).toMatchObject({
      state: "running",
      endReason: null,
      generation: 1,
      runType: "backfill",
      triggeredBy: "backfill",
      backfillId: "7",
      conf: { old: 1 },
    });
    expect(run.states()).toEqual({ a: "queued", b: "none" });
    run.finish("a");
    run.finish("b");
    expect(run.run.head.state).toBe("success");
  });

  it("gets the backfill's conf when there is one, over the declared defaults", () => {
    const run = ended();
    run.event({ ...ORDER, conf: { x: 2 } });
    expect(run.run.head).toMatchObject({ conf: { x: 2 }, params: { n: 1, x: 2 } });
    expect(run.run.head.params).not.toHaveProperty("old");
  });

  it("is taken over once by the same backfill, and again by the next one", () => {
    const run = ended();
    run.event(ORDER);
    run.finish("a");
    expect(run.event(ORDER)).toMatchObject({ changed: false });
    expect(run.states()).toEqual({ a: "success", b: "queued" });
    run.finish("b");
    run.event({ ...ORDER, backfillId: "8" });
    expect(run.run.head).toMatchObject({ state: "running", generation: 2, backfillId: "8" });
  });

  it("goes on as it is when somebody has set it going meanwhile", () => {
    const run = ended();
    run.clear({ select: [{ taskId: "b" }] });
    const before = run.states();
    run.event(ORDER);
    expect(run.run.head).toMatchObject({ backfillId: "7", generation: 1 });
    expect(run.states()).toEqual(before);
  });

  it("asks again about the run before it", () => {
    const run = new EngineRun([{ taskId: "a", dependsOnPast: true }]);
    run.start();
    run.event({ kind: "watched-state", watchId: "a", passed: true, reason: "done there" });
    run.finish("a");
    expect(run.event(ORDER).commands).toContainEqual(expect.objectContaining({ kind: "watch", taskId: "a" }));
    expect(run.states()).toEqual({ a: "none" });
  });
});
