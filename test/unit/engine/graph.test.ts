/**
 * @module Order, closures and cycles of small graphs.
 */
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { closure, findCycle, graphOf, topologicalOrder } from "../../../src/engine/graph.ts";
import { describe, expect, it } from "vitest";
import type { Graph } from "../../../src/engine/graph.ts";

function graph(edges: Readonly<Record<string, readonly string[]>>): Graph {
  const tasks = Object.entries(edges).map(([taskId, upstream]) => aTaskSpec({ taskId, upstream }));
  return graphOf(aDagSpec({ dagId: "g", tasks }));
}

describe("graph", () => {
  const diamond = graph({ a: [], b: ["a"], c: ["a", "a"], d: ["b", "c"] });

  it("keeps each edge once", () => {
    expect(diamond.upstream).toEqual([[], [0], [0], [1, 2]]);
    expect(diamond.downstream).toEqual([[1, 2], [3], [3], []]);
  });
  it("puts upstream before downstream", () => {
    expect(topologicalOrder(diamond)).toEqual([0, 1, 2, 3]);
  });
  it("finds everything below and above a task", () => {
    expect([...closure(diamond.downstream, 0)].toSorted()).toEqual([1, 2, 3]);
    expect([...closure(diamond.upstream, 3)].toSorted()).toEqual([0, 1, 2]);
    expect(closure(diamond.downstream, 3).size).toBe(0);
  });
  it("has no cycle in a diamond", () => {
    expect(findCycle(diamond)).toBeNull();
  });
  it.each([
    ["a task behind itself", { a: ["a"] }],
    ["two tasks", { a: ["b"], b: ["a"] }],
    ["a loop with a way in and a way out", { x: [], a: ["x", "c"], b: ["a"], c: ["b"], z: ["c"] }],
  ])("names a cycle: %s", (_, edges: Record<string, string[]>) => {
    const names = Object.keys(edges);
    const cycle = findCycle(graph(edges))?.map((task) => names[task] ?? "?") ?? [];
    expect(cycle.length).toBeGreaterThan(1);
    expect(cycle[0]).toBe(cycle.at(-1));
    for (const [i, task] of cycle.slice(1).entries()) expect(edges[task]).toContain(cycle[i]);
  });
});
