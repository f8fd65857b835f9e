/**
 * @module Branches and short circuits as whole runs: what is followed, skipped, left alone, and what stands after a clear.
 */
import { EngineRun, FAILED } from "./engine-run.ts";
import { describe, expect, it } from "vitest";
import type { AttemptOutcome } from "../../../src/model/outcome.ts";
import type { Task } from "./engine-run.ts";

const follow = (...ids: string[]): AttemptOutcome => ({ kind: "success", xcoms: [], follow: ids });
const CLOSED: AttemptOutcome = { kind: "success", xcoms: [], shortCircuited: true };
const BRANCH: readonly Task[] = [
  { taskId: "br", kind: "branch" },
  { taskId: "x", upstream: ["br"] },
  { taskId: "y", upstream: ["br"] },
  { taskId: "join", upstream: ["br", "x", "y"], triggerRule: "none_failed_min_one_success" },
];

function branched(
  tasks: readonly Task[],
  outcome: AttemptOutcome,
  dag: ConstructorParameters<typeof EngineRun>[1] = {},
): EngineRun {
  const run = new EngineRun(tasks, dag);
  run.start();
  run.finish(tasks[0]?.taskId ?? "", outcome);
  return run;
}

describe("a branch", () => {
  it("follows the chosen task, keeps what is also below it, and skips the rest at once", () => {
    const run = branched(BRANCH, follow("x"));
    expect(run.states()).toEqual({ br: "success", x: "queued", y: "skipped", join: "none" });
    expect(run.run.facts.get(0)?.follow).toEqual(["x", "join"]);
  });
  it("skips everything directly behind it when it answers with nothing", () => {
    expect(branched(BRANCH, follow()).states()).toEqual({ br: "success", x: "skipped", y: "skipped", join: "skipped" });
  });
  it("takes a group id for the group's roots", () => {
    const tasks: readonly Task[] = [
      { taskId: "br", kind: "branch" },
      { taskId: "g.a", groupId: "g", upstream: ["br"] },
      { taskId: "g.in.b", groupId: "g.in", upstream: ["br"] },
      { taskId: "z", upstream: ["br"] },
    ];
    const shape = { parent: null, label: "", tooltip: "", prefixGroupId: true, expand: null };
    const groups = [
      { ...shape, groupId: "g" },
      { ...shape, groupId: "g.in", parent: "g" },
    ];
    expect(branched(tasks, follow("g"), { groups }).states()).toMatchObject({
      "g.a": "queued",
      "g.in.b": "queued",
      z: "skipped",
    });
  });
  it("fails by the retry policy when it names a task that does not exist", () => {
    const run = branched([{ ...BRANCH[0], taskId: "br", retries: 1 }, ...BRANCH.slice(1)], follow("nope"));
    expect(run.instance("br").state).toBe("up_for_retry");
    expect(run.last?.errors).toMatchObject([{ ord: 0, error: { code: "branch_target_unknown" } }]);
  });
  it("leaves alone what already runs", () => {
    const run = new EngineRun([
      { taskId: "br", kind: "branch" },
      { taskId: "y", upstream: ["br"], triggerRule: "always" },
    ]);
    run.start();
    run.claim("y");
    run.finish("br", follow());
    expect(run.states()).toEqual({ br: "success", y: "running" });
  });
  it("takes a queued task out of the queue", () => {
    const run = new EngineRun([
      { taskId: "br", kind: "branch" },
      { taskId: "y", upstream: ["br"], triggerRule: "always" },
    ]);
    run.start();
    const token = run.token("y");
    run.finish("br", follow());
    expect(run.states()).toEqual({ br: "success", y: "skipped" });
    expect(run.event({ kind: "attempts-claimed", tokens: [token] }).stale).toEqual([token]);
  });
  it("stands when an excluded task is cleared, and decides anew when it is cleared itself", () => {
    const run = branched(BRANCH, follow("x"));
    run.clear({ select: [{ taskId: "y" }] });
    expect(run.states()).toMatchObject({ y: "skipped" });
    run.clear({ select: [{ taskId: "br" }], includeDownstream: true });
    run.finish("br", follow("y"));
    expect(run.states()).toMatchObject({ x: "skipped", y: "queued" });
  });
});

describe("a short circuit", () => {
  const tasks = (ignoreDownstreamTriggerRules: boolean): readonly Task[] => [
    { taskId: "sc", kind: "short_circuit", ignoreDownstreamTriggerRules },
    { taskId: "a", upstream: ["sc"] },
    { taskId: "b", upstream: ["a"], triggerRule: "all_done" },
    { taskId: "t", upstream: ["b"], isTeardown: true },
  ];
  it("that is false skips everything below but teardowns", () => {
    expect(branched(tasks(true), CLOSED).states()).toEqual({ sc: "success", a: "skipped", b: "skipped", t: "queued" });
  });
  it("skips only what is directly behind it when rules count", () => {
    expect(branched(tasks(false), CLOSED).states()).toEqual({ sc: "success", a: "skipped", b: "queued", t: "none" });
  });
  it("that is true or fails skips nothing", () => {
    expect(branched(tasks(true), { kind: "success", xcoms: [] }).states()).toMatchObject({ a: "queued" });
    expect(branched(tasks(true), FAILED).states()).toMatchObject({ a: "upstream_failed", b: "queued" });
  });
});
