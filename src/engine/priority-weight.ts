/**
 * @module Priority weights: which ready task instance goes first. `downstream` (default) adds the weights of everything below a task, `upstream` of
 * everything above it, `absolute` takes the task's own.
 */
import { topologicalOrder } from "./graph.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { Graph } from "./graph.ts";

/** Total weight by task index. One pass of bit sets in topological order: a sum over paths would count shared descendants twice. */
export function priorityWeights(spec: DagSpec, graph: Graph): number[] {
  const order = topologicalOrder(graph);
  const needs = (rule: string): boolean => spec.tasks.some((task) => task.weightRule === rule);
  const below = needs("downstream") ? reachableWeight(spec, graph.downstream, order.toReversed()) : [];
  const above = needs("upstream") ? reachableWeight(spec, graph.upstream, order) : [];
  return spec.tasks.map((task, i) => {
    if (task.weightRule === "absolute") return task.priorityWeight;
    return task.priorityWeight + ((task.weightRule === "downstream" ? below[i] : above[i]) ?? 0);
  });
}

/** For each task the summed weight of all tasks reachable by `next`. `order` visits the reachable ones first. */
function reachableWeight(spec: DagSpec, next: readonly (readonly number[])[], order: readonly number[]): number[] {
  const words = (spec.tasks.length + 31) >> 5;
  const reach: (Uint32Array | undefined)[] = [];
  const sums: number[] = spec.tasks.map(() => 0);
  // Before the same tasks stands the same sum.
  const known = new Map<readonly number[] | undefined, number>();
  for (const task of order) {
    const same = known.get(next[task]);
    if (same !== undefined) {
      reach[task] = reach[same];
      sums[task] = sums[same] ?? 0;
      continue;
    }
    known.set(next[task], task);
    const bits = new Uint32Array(words);
    for (const other of next[task] ?? []) {
      const theirs = reach[other];
      if (theirs !== undefined) for (let w = 0; w < words; w += 1) bits[w] = (bits[w] ?? 0) | (theirs[w] ?? 0);
      bits[other >> 5] = (bits[other >> 5] ?? 0) | (1 << (other & 31));
    }
    reach[task] = bits;
    sums[task] = weightOf(spec, bits);
  }
  return sums;
}

function weightOf(spec: DagSpec, bits: Uint32Array): number {
  let sum = 0;
  for (let w = 0; w < bits.length; w += 1) {
    for (let word = bits[w] ?? 0; word !== 0; word &= word - 1) {
      sum += spec.tasks[w * 32 + 31 - Math.clz32(word & -word)]?.priorityWeight ?? 0;
    }
  }
  return sum;
}
