/**
 * @module Which setups, scopes and leaves a small setup and teardown cluster has.
 */
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { describe, expect, it } from "vitest";
import { graphOf } from "../../../src/engine/graph.ts";
import { indirectSetups, isEffectiveLeaf, teardownScope } from "../../../src/engine/setup-teardown.ts";
import type { Task } from "./engine-run.ts";

function ask<T>(tasks: readonly Task[], of: string, answer: (spec: ReturnType<typeof aDagSpec>, task: number) => T): T {
  const spec = aDagSpec({ dagId: "d", tasks: tasks.map(aTaskSpec) });
  return answer(spec, graphOf(spec).indexOf.get(of) ?? -1);
}

const CLUSTER: readonly Task[] = [
  { taskId: "create", isSetup: true },
  { taskId: "work", upstream: ["create"] },
  { taskId: "more", upstream: ["work"] },
  { taskId: "delete", upstream: ["create", "more"], isTeardown: true },
  { taskId: "after", upstream: ["more", "delete"] },
  { taskId: "later", upstream: ["after"] },
];

const setupsOf = (of: string): number[] => ask(CLUSTER, of, (spec, task) => indirectSetups(spec, graphOf(spec), task));

describe("setups and teardowns", () => {
  it("a task between setup and teardown depends on the setup, however far away", () => {
    expect(setupsOf("more")).toEqual([0]);
  });
  it("a direct upstream setup, a teardown, and what is behind the teardown have no indirect setup", () => {
    expect(setupsOf("work")).toEqual([]);
    expect(setupsOf("delete")).toEqual([]);
    expect(setupsOf("later")).toEqual([]);
  });
  it("a setup without a teardown holds for everything below it", () => {
    const tasks = CLUSTER.filter((task) => task.taskId !== "delete").map((task) =>
      task.taskId === "after" ? { ...task, upstream: ["more"] } : task,
    );
    expect(ask(tasks, "later", (spec, task) => indirectSetups(spec, graphOf(spec), task))).toEqual([0]);
  });
  it("a teardown waits for what lies between its setup and itself", () => {
    expect(ask(CLUSTER, "delete", (spec, task) => teardownScope(spec, graphOf(spec), task))).toEqual([1]);
  });
  it("leaves are looked for through teardowns, unless their failure counts", () => {
    const leaf = (tasks: readonly Task[], of: string): boolean =>
      ask(tasks, of, (spec, task) => isEffectiveLeaf(spec, graphOf(spec), task));
    const short = CLUSTER.slice(0, 4);
    expect([leaf(short, "more"), leaf(short, "delete")]).toEqual([true, false]);
    const strict = short.map((task) => (task.taskId === "delete" ? { ...task, onFailureFailDagrun: true } : task));
    expect([leaf(strict, "more"), leaf(strict, "delete")]).toEqual([false, true]);
  });
});
