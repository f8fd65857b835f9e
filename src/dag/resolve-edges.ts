/**
 * @module Edges between groups become edges between tasks: from a group's leaves, to a group's roots.
 *
 * Which tasks are leaves or roots depends on the edges inside the group, so inner edges are resolved first: each edge belongs to the smallest group that holds
 * both of its ends, and edges of deeper groups come first.
 */
import type { DagBuilder, PlacedEdge } from "./dag-builder.ts";
import type { PlacedEnd, PlacedGroup, PlacedTask } from "./placed.ts";
import type { TaskId } from "../model/ids.ts";
import { endName, groupsAround } from "./placed.ts";
import { sharedLists } from "../model/spec-text.ts";
import { invalidDag } from "./invalid-dag.ts";

interface TaskLinks {
  readonly upstream: Set<PlacedTask>;
  readonly downstream: Set<PlacedTask>;
}

/** Direct upstream task ids of each task, in order of declaration. */
export function resolvedUpstream(builder: DagBuilder): ReadonlyMap<TaskId, readonly TaskId[]> {
  const graph = new Graph(builder);
  for (const edge of innerFirst(builder)) graph.connect(edge);
  return graph.upstreamIds();
}

function innerFirst({ edges, groups }: DagBuilder): readonly PlacedEdge[] {
  if (groups.size === 0) return edges;
  return (
    edges
      .map((edge) => ({ edge, depth: depthOf(edge) }))
      // Stable: edges of one depth keep their order.
      .toSorted((a, b) => b.depth - a.depth)
      .map(({ edge }) => edge)
  );
}

class Graph {
  readonly #builder: DagBuilder;
  readonly #links = new Map<PlacedTask, TaskLinks>();
  readonly #members = new Map<PlacedGroup, PlacedTask[]>();

  constructor(builder: DagBuilder) {
    this.#builder = builder;
    for (const group of builder.groups.values()) this.#members.set(group, []);
    for (const task of builder.tasks.values()) {
      this.#links.set(task, { upstream: new Set(), downstream: new Set() });
      for (const group of groupsAround(task.group)) this.#members.get(group)?.push(task);
    }
  }

  connect({ from, to }: PlacedEdge): void {
    if (from === to || contains(from, to) || contains(to, from)) {
      throw invalidDag(
        { dagId: this.#builder.dagId },
        `the edge from ${endName(from)} to ${endName(to)} is a cycle; remove it`,
      );
    }
    const froms = from.kind === "placed-task" ? [from] : this.#leaves(from);
    const tos = to.kind === "placed-task" ? [to] : this.#roots(to);
    for (const one of froms) {
      for (const other of tos) {
        this.#links.get(one)?.downstream.add(other);
        this.#links.get(other)?.upstream.add(one);
      }
    }
  }

  upstreamIds(): ReadonlyMap<TaskId, readonly TaskId[]> {
    const order = new Map([...this.#builder.tasks.values()].map((task, at) => [task, at]));
    const ids = new Map<TaskId, readonly TaskId[]>();
    const shared = sharedLists();
    for (const [task, { upstream }] of this.#links) {
      const sorted = [...upstream].toSorted((a, b) => (order.get(a) ?? 0) - (order.get(b) ?? 0));
      ids.set(task.taskId, shared(sorted.map(({ taskId }) => taskId)));
    }
    return ids;
  }

  #tasksOf(group: PlacedGroup): readonly PlacedTask[] {
    const tasks = this.#members.get(group) ?? [];
    if (tasks.length > 0) return tasks;
    throw invalidDag(
      { dagId: this.#builder.dagId, groupId: group.groupId },
      "it has edges but no task; place a task in it or remove the edges",
    );
  }

  #roots(group: PlacedGroup): readonly PlacedTask[] {
    const tasks = this.#tasksOf(group);
    const inside = new Set(tasks);
    return tasks.filter((task) => ![...(this.#links.get(task)?.upstream ?? [])].some((up) => inside.has(up)));
  }

  /** Teardowns do not hold up what comes after a group: in their place stand the last tasks before them. */
  #leaves(group: PlacedGroup): readonly PlacedTask[] {
    const tasks = this.#tasksOf(group);
    const inside = new Set(tasks);
    const ends = tasks.filter(
      (task) => ![...(this.#links.get(task)?.downstream ?? [])].some((down) => inside.has(down)),
    );
    return [...new Set(ends.flatMap((task) => (task.teardown === null ? [task] : this.#beforeTeardown(task, inside))))];
  }

  #beforeTeardown(teardown: PlacedTask, inside: ReadonlySet<PlacedTask>): readonly PlacedTask[] {
    return [...(this.#links.get(teardown)?.upstream ?? [])].flatMap((task) => {
      if (!inside.has(task) || task.isSetup) return [];
      return task.teardown === null ? [task] : this.#beforeTeardown(task, inside);
    });
  }
}

function parentOf(end: PlacedEnd): PlacedGroup | null {
  return end.kind === "placed-task" ? end.group : end.parent;
}

function contains(end: PlacedEnd, other: PlacedEnd): boolean {
  return end.kind === "placed-group" && [...groupsAround(parentOf(other))].includes(end);
}

/** How deep the smallest group is that holds both ends; 0 = the DAG itself. */
function depthOf({ from, to }: PlacedEdge): number {
  const around = new Set(groupsAround(parentOf(from)));
  const shared = [...groupsAround(parentOf(to))].find((group) => around.has(group));
  return shared === undefined ? 0 : [...groupsAround(shared)].length;
}
