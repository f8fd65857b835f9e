/**
 * @module The task graph of a DAG by index: who is up- and downstream of whom, topological order, cycles. Tasks are numbers (places in `DagSpec.tasks`).
 */
import type { DagSpec } from "../model/dag-spec.ts";
import type { TaskId } from "../model/ids.ts";

export interface Graph {
  readonly indexOf: ReadonlyMap<TaskId, number>;
  /** Direct upstream indexes, without duplicates and without ids that do not exist. */
  readonly upstream: readonly (readonly number[])[];
  readonly downstream: readonly (readonly number[])[];
}

/**
 * Builds the graph; unknown and repeated upstream ids are left out (`spec-rules.ts` reports them). Tasks that share a list of upstream ids share one here,
 * and tasks below which the same tasks stand share theirs: a million edges between layers are some hundred lists.
 */
export function graphOf(spec: DagSpec): Graph {
  const indexOf = new Map<TaskId, number>();
  for (const [i, task] of spec.tasks.entries()) if (!indexOf.has(task.taskId)) indexOf.set(task.taskId, i);
  const tasksByList = Map.groupBy(spec.tasks.keys(), (i) => spec.tasks[i]?.upstream);
  const upstream: (readonly number[])[] = [];
  const below: (readonly number[])[][] = spec.tasks.map(() => []);
  for (const [list = [], tasks] of tasksByList) {
    const own = new Set<number>();
    for (const id of list) {
      const up = indexOf.get(id);
      if (up !== undefined) own.add(up);
    }
    const indexes = [...own];
    for (const task of tasks) upstream[task] = indexes;
    for (const up of indexes) below[up]?.push(tasks);
  }
  return { indexOf, upstream, downstream: below.map(joined) };
}

/** In ascending order; a single one as it is, so that it is shared. */
function joined(parts: readonly (readonly number[])[]): readonly number[] {
  const [first = [], ...more] = parts;
  return more.length === 0 ? first : parts.flat().toSorted((a, b) => a - b);
}

/** All tasks reachable from `start` in one direction, `start` itself only if it lies on a cycle. */
export function closure(next: readonly (readonly number[])[], start: number): Set<number> {
  const seen = new Set<number>();
  const open = [...(next[start] ?? [])];
  for (let task = open.pop(); task !== undefined; task = open.pop()) {
    if (seen.has(task)) continue;
    seen.add(task);
    for (const further of next[task] ?? []) if (!seen.has(further)) open.push(further);
  }
  return seen;
}

/** Upstream before downstream; tasks on a cycle and behind one are missing from the answer. */
export function topologicalOrder(graph: Graph): number[] {
  const missing = graph.upstream.map((ups) => ups.length);
  const order: number[] = [];
  for (const [i, count] of missing.entries()) if (count === 0) order.push(i);
  // `order` grows while it is walked: it is its own queue.
  for (const task of order) {
    for (const down of graph.downstream[task] ?? []) {
      const left = (missing[down] ?? 0) - 1;
      missing[down] = left;
      if (left === 0) order.push(down);
    }
  }
  return order;
}

/** One cycle as a path that ends where it starts, or null. */
export function findCycle(graph: Graph): number[] | null {
  const inOrder = new Set(topologicalOrder(graph));
  const start = graph.upstream.findIndex((_, i) => !inOrder.has(i));
  if (start < 0) return null;
  // Every task outside the order has an upstream task outside it: walking up must come back to a task already seen.
  const path = [start];
  for (;;) {
    const last = path[path.length - 1] ?? start;
    const up = graph.upstream[last]?.find((i) => !inOrder.has(i));
    if (up === undefined) return null;
    const at = path.indexOf(up);
    if (at >= 0) return [up, ...path.slice(at).toReversed()];
    path.push(up);
  }
}
