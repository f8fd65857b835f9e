/**
 * @module What scheduling needs of a DAG, worked out once per spec: who counts whom, which edges go index by index inside a mapped group, which leaves
 * decide the run's state. Kept beside the spec object, never stored.
 */
import { graphOf } from "./graph.ts";
import { indirectSetups, isEffectiveLeaf, teardownScope } from "./setup-teardown.ts";
import { priorityWeights } from "./priority-weight.ts";
import { sourcesOf } from "./mapping.ts";
import { DEFAULT_POOL, slotLimits } from "./slot-limits.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { ExpandSpec } from "../model/arg-expr.ts";
import type { Graph } from "./graph.ts";
import type { GroupId } from "../model/ids.ts";
import type { SlotLimit } from "../model/slot.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import type { TriggerRule } from "../model/trigger-rule.ts";

/** Why one task counts another's instances: as direct upstream, as setup whose scope it is in, or as work inside a teardown's scope. */
export const EDGE_KINDS = ["direct", "setup", "scope"] as const;
export type EdgeKind = (typeof EDGE_KINDS)[number];

export interface Edge {
  /** The other task's index. */
  readonly task: number;
  readonly kind: EdgeKind;
  /** Both are in the same mapped group: instance `i` counts instance `i` only. */
  readonly aligned: boolean;
}

export interface TaskPlan {
  readonly index: number;
  readonly spec: TaskSpec;
  /** Airflow forces the rule of teardowns. */
  readonly rule: TriggerRule;
  readonly upstream: readonly number[];
  readonly downstream: readonly number[];
  /** Tasks that count this one, and those this one counts. */
  readonly countedBy: readonly Edge[];
  readonly counts: readonly Edge[];
  readonly hasAligned: boolean;
  /** What it is mapped over, by itself or by the mapped group around it (`mappedGroup`). */
  readonly expand: ExpandSpec | null;
  readonly mappedGroup: GroupId | null;
  /** Tasks whose results decide how many instances there are, and the tasks for which this one decides. */
  readonly mapSources: readonly number[];
  readonly mapDependants: readonly number[];
  /** Direct upstream tasks that may say "skip": branches and short circuits. */
  readonly deciders: readonly number[];
  readonly isLeaf: boolean;
  readonly watchesPast: boolean;
  /** Limits across runs, in the order in which they are asked; `default_pool`, if that is its pool, last. */
  readonly limits: readonly SlotLimit[];
  /** How many of them always apply: without an unlimited `default_pool`. */
  readonly ownLimits: number;
  /** Needs no worker: success as soon as it may run. */
  readonly isInstant: boolean;
}

export interface Plan {
  readonly spec: DagSpec;
  readonly graph: Graph;
  readonly tasks: readonly TaskPlan[];
  /** Tasks with an SLA. */
  readonly slas: readonly { readonly task: number; readonly ms: number }[];
  /** By task index; worked out when first asked for. */
  weights(): readonly number[];
}

const plans = new WeakMap<DagSpec, Plan>();

/** The plan of a spec that passed `specErrors`. */
export function planOf(spec: DagSpec): Plan {
  const known = plans.get(spec);
  if (known !== undefined) return known;
  const plan = makePlan(spec);
  plans.set(spec, plan);
  return plan;
}

function makePlan(spec: DagSpec): Plan {
  const graph = graphOf(spec);
  const mappedGroups = spec.tasks.map((task) => mappedGroupOf(spec, task.groupId));
  const { counts, countedBy } = edgesOf(spec, graph, mappedGroups);
  const decidersOf = oncePerList((upstream) => upstream.filter((up) => isDecider(spec.tasks[up])));
  const expands = spec.tasks.map((task, i) => task.expand ?? groupExpand(spec, mappedGroups[i] ?? null));
  const mapSources = expands.map((expand) => (expand === null ? [] : sourcesOf(expand, graph)));
  const mapDependants: number[][] = spec.tasks.map(() => []);
  for (const [task, sources] of mapSources.entries()) for (const source of sources) mapDependants[source]?.push(task);
  const leaves = leafFlags(spec, graph);
  const tasks = spec.tasks.map((task, i): TaskPlan => {
    const upstream = graph.upstream[i] ?? [];
    const limits = slotLimits(spec, task);
    return {
      index: i,
      spec: task,
      rule: task.isTeardown ? "all_done_setup_success" : task.triggerRule,
      upstream,
      downstream: graph.downstream[i] ?? [],
      countedBy: countedBy[i] ?? [],
      counts: counts[i] ?? [],
      hasAligned: (counts[i] ?? []).some((edge) => edge.aligned),
      expand: expands[i] ?? null,
      mappedGroup: mappedGroups[i] ?? null,
      mapSources: mapSources[i] ?? [],
      mapDependants: mapDependants[i] ?? [],
      deciders: decidersOf(upstream),
      isLeaf: leaves[i] === true,
      watchesPast: task.dependsOnPast || task.waitForDownstream,
      limits,
      ownLimits: task.pool === DEFAULT_POOL ? limits.length - 1 : limits.length,
      isInstant: isInstant(task),
    };
  });
  let weights: readonly number[] | undefined;
  const slas = spec.tasks.flatMap(({ slaMs }, task) => (slaMs === null ? [] : [{ task, ms: slaMs }]));
  return { spec, graph, tasks, slas, weights: () => (weights ??= priorityWeights(spec, graph)) };
}

interface Edges {
  readonly counts: readonly (readonly Edge[])[];
  readonly countedBy: readonly (readonly Edge[])[];
}

function edgesOf(spec: DagSpec, graph: Graph, mappedGroups: readonly (GroupId | null)[]): Edges {
  if (!spec.tasks.some((task) => task.isSetup) && mappedGroups.every((group) => group === null)) {
    const direct = oncePerList((tasks) => tasks.map((task): Edge => ({ task, kind: "direct", aligned: false })));
    return { counts: graph.upstream.map(direct), countedBy: graph.downstream.map(direct) };
  }
  const counts = countedTasks(spec, graph, mappedGroups);
  const countedBy: Edge[][] = spec.tasks.map(() => []);
  for (const [task, edges] of counts.entries()) {
    for (const edge of edges) countedBy[edge.task]?.push({ task, kind: edge.kind, aligned: edge.aligned });
  }
  return { counts, countedBy };
}

/** Works something out of a list once, however many tasks share the list. */
function oncePerList<Answer>(work: (list: readonly number[]) => Answer): (list: readonly number[]) => Answer {
  const known = new Map<readonly number[], Answer>();
  return (list) => {
    const answer = known.get(list) ?? work(list);
    known.set(list, answer);
    return answer;
  };
}

function countedTasks(spec: DagSpec, graph: Graph, mappedGroups: readonly (GroupId | null)[]): Edge[][] {
  const hasSetups = spec.tasks.some((task) => task.isSetup);
  return spec.tasks.map((_, i) => {
    const group = mappedGroups[i] ?? null;
    const edge = (task: number, kind: EdgeKind): Edge => ({
      task,
      kind,
      aligned: group !== null && mappedGroups[task] === group,
    });
    const edges = (graph.upstream[i] ?? []).map((up) => edge(up, "direct"));
    if (!hasSetups) return edges;
    return [
      ...edges,
      ...indirectSetups(spec, graph, i).map((up) => edge(up, "setup")),
      ...teardownScope(spec, graph, i).map((up) => edge(up, "scope")),
    ];
  });
}

function leafFlags(spec: DagSpec, graph: Graph): boolean[] {
  const flags = spec.tasks.map((_, i) => isEffectiveLeaf(spec, graph, i));
  // A DAG of nothing but teardowns: its plain leaves decide.
  return flags.includes(true) ? flags : spec.tasks.map((_, i) => (graph.downstream[i] ?? []).length === 0);
}

function isDecider(task: TaskSpec | undefined): boolean {
  return task !== undefined && (task.kind === "branch" || task.kind === "short_circuit");
}

function isInstant(task: TaskSpec): boolean {
  return (
    task.kind === "empty" &&
    task.inlets.length === 0 &&
    task.outlets.length === 0 &&
    !task.callbacks.includes("execute") &&
    !task.callbacks.includes("success")
  );
}

/** The closest group around that is mapped. */
export function mappedGroupOf(spec: DagSpec, groupId: GroupId | null): GroupId | null {
  let group = spec.groups.find((g) => g.groupId === groupId);
  while (group !== undefined && group.expand === null) {
    const parent = group.parent;
    group = parent === null ? undefined : spec.groups.find((g) => g.groupId === parent);
  }
  return group?.groupId ?? null;
}

function groupExpand(spec: DagSpec, groupId: GroupId | null): ExpandSpec | null {
  return spec.groups.find((g) => g.groupId === groupId)?.expand ?? null;
}
