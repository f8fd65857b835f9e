/**
 * @module Runs that wait for the run before, come back from storage, or go on with another version of their DAG.
 */
import { EngineRun } from "../engine-run.ts";
import { DEFAULT_LEASES } from "../../../../src/model/event.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { assertRun } from "../../../../src/engine/dag-run/invariants.ts";
import { describe, expect, it } from "vitest";
import { restoreDagRun } from "../../../../src/engine/dag-run/create.ts";
import { step } from "../../../../src/engine/dag-run/step.ts";

const PAST = [
  { taskId: "a", dependsOnPast: true, waitForDownstream: true },
  { taskId: "b", upstream: ["a"] },
];

describe("depends_on_past", () => {
  it("asks once about the run before, waits for a yes, and is no deadlock", () => {
    const run = new EngineRun(PAST);
    const watch = { kind: "watch", watchId: "a", taskId: "a", downstream: ["b"], ignoreFirst: false };
    expect(run.start().commands).toMatchObject([watch]);
    expect(run.states()).toEqual({ a: "none", b: "none" });
    expect(run.run.head.state).toBe("running");
    const no = { kind: "watched-state", watchId: "a", passed: false, reason: "failed there" } as const;
    expect(run.event(no)).toMatchObject({ changed: false, commands: [] });
    run.event({ ...no, passed: true, reason: "done there" });
    expect(run.states()).toEqual({ a: "queued", b: "none" });
  });
  it("asks again when its task is cleared: the run before may not be done any more", () => {
    const run = new EngineRun(PAST);
    run.start();
    const answer = { kind: "watched-state", watchId: "a", passed: true, reason: "done there" } as const;
    run.event(answer);
    run.finish("a");
    run.finish("b");
    const options = {
      select: [{ taskId: "a" }],
      includeUpstream: false,
      includeDownstream: false,
      onlyFailed: false,
      onlyRunning: false,
      resetDagRun: true,
      note: null,
    };
    const { commands } = run.event({ kind: "task-instances-cleared", options });
    expect(commands).toContainEqual(expect.objectContaining({ kind: "watch", watchId: "a" }));
    expect(run.states()).toEqual({ a: "none", b: "success" });
    run.event(answer);
    expect(run.states()).toEqual({ a: "queued", b: "success" });
  });
  it("asks again after a restart", () => {
    const { run } = new EngineRun(PAST);
    step(run, { event: { kind: "run-started" }, now: 1, seed: 1, leases: DEFAULT_LEASES });
    const { head, spec, longest, instances, facts } = run;
    const restored = restoreDagRun({ head, spec, longest, instances, facts });
    const result = step(restored, { event: { kind: "timer-due" }, now: 2, seed: 2, leases: DEFAULT_LEASES });
    expect(result.commands).toMatchObject([{ kind: "watch", watchId: "a" }]);
  });
});

describe("a restored run", () => {
  it("goes on where it was: timers, limits and counts come from its rows", () => {
    const before = new EngineRun([{ taskId: "a" }, { taskId: "b" }, { taskId: "c", upstream: ["a", "b"] }], {
      maxActiveTasks: 1,
    });
    before.start();
    const { head, spec, longest, instances, facts } = before.run;
    const run = restoreDagRun({ head, spec, longest, instances, facts });
    assertRun(run);
    const due = step(run, { event: { kind: "timer-due" }, now: 61_000, seed: 5, leases: DEFAULT_LEASES });
    expect(due).toMatchObject({ dispatch: [0], nextWakeAt: 181_000 });
    const token = before.token("a");
    const reports = [{ token, outcome: { kind: "success", xcoms: [] }, startedAt: 0, endedAt: 1 }] as const;
    const next = step(run, {
      event: { kind: "attempts-finished", reports },
      now: 62_000,
      seed: 6,
      leases: DEFAULT_LEASES,
    });
    expect(next.dispatch).toEqual([1]);
    assertRun(run);
  });
});

describe("another version of the DAG", () => {
  it("adds new tasks, removes vanished ones, and keeps the states of the others", () => {
    const run = new EngineRun([{ taskId: "gone" }, { taskId: "a" }, { taskId: "b", upstream: ["a", "gone"] }]);
    run.start();
    run.finish("a");
    const tasks = [{ taskId: "new" }, { taskId: "b", upstream: ["a", "new"] }, { taskId: "a" }].map(aTaskSpec);
    const result = run.event({ kind: "spec-synced", spec: aDagSpec({ dagId: "dag", tasks }), specHash: "2" });
    expect(run.states()).toEqual({ "?": "removed", a: "success", b: "none", new: "queued" });
    expect(result.dispatch).toEqual([3]);
    run.finish("new");
    expect(run.states()).toMatchObject({ b: "queued" });
    run.finish("b");
    expect(run.run.head).toMatchObject({ state: "success", specHash: "2" });
  });
});
