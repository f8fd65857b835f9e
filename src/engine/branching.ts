/**
 * @module Branches and short circuits (Airflow's SkipMixin): which tasks the answer skips, and which stay skipped while the answer stands.
 */
import { closure } from "./graph.ts";
import type { DagRun } from "../model/dag-run.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { Plan, TaskPlan } from "./plan.ts";
import type { RunIndex } from "./dag-run/run-index.ts";
import type { TaskInstance } from "../model/task-instance.ts";

export type FollowAnswer =
  /** Direct downstream task ids that go on. */
  | { readonly kind: "follow"; readonly follow: readonly string[] }
  | { readonly kind: "unknown"; readonly ids: readonly string[] };

/**
 * Reads a branch's answer. An id may be any task of the DAG or a group (its roots). Direct downstream tasks that are also below a chosen one go on:
 * in `branch >> a >> join`, `branch >> join` the answer `a` keeps `join`.
 */
export function resolveFollow(plan: Plan, task: TaskPlan, ids: readonly string[]): FollowAnswer {
  const chosen = new Set<number>();
  const unknown: string[] = [];
  for (const id of ids) {
    const index = plan.graph.indexOf.get(id);
    const roots = index === undefined ? groupRoots(plan, id) : [index];
    if (roots === undefined) unknown.push(id);
    else for (const root of roots) chosen.add(root);
  }
  if (unknown.length > 0) return { kind: "unknown", ids: unknown };
  const kept = new Set(chosen);
  for (const index of chosen) for (const below of closure(plan.graph.downstream, index)) kept.add(below);
  const follow = task.downstream.filter((down) => kept.has(down)).map((down) => plan.tasks[down]?.spec.taskId ?? "");
  return { kind: "follow", follow };
}

/** Tasks that a false short circuit skips at once: teardowns never; everything below, or only direct downstream tasks. */
export function shortCircuited(plan: Plan, task: TaskPlan): number[] {
  const below = task.spec.ignoreDownstreamTriggerRules ? closure(plan.graph.downstream, task.index) : task.downstream;
  return [...below].filter((down) => plan.tasks[down]?.spec.isTeardown === false);
}

/** Direct downstream tasks that a branch does not follow. */
export function notFollowed(plan: Plan, task: TaskPlan, follow: readonly string[]): number[] {
  return task.downstream.filter((down) => !follow.includes(plan.tasks[down]?.spec.taskId ?? ""));
}

/**
 * The branch or short circuit directly above whose standing answer excludes this instance, or undefined. A decider inside a mapped group
 * speaks for its own index only.
 */
export function standingExclusion(run: DagRun, index: RunIndex, instance: TaskInstance): TaskPlan | undefined {
  const plan = index.plan.tasks[instance.task];
  if (plan === undefined) return undefined;
  for (const up of plan.deciders) {
    const decider = index.plan.tasks[up];
    if (decider === undefined) continue;
    const ord = deciderOrd(index, plan, decider, instance.mapIndex);
    if (ord === undefined || run.instances[ord]?.state !== "success") continue;
    const facts = run.facts.get(ord);
    if (facts?.follow !== undefined && !facts.follow.includes(plan.spec.taskId)) return decider;
    if (facts?.shortCircuited === true && !plan.spec.isTeardown) return decider;
  }
  return undefined;
}

/** Which instance of the decider speaks for an instance of the task; undefined = none does. */
function deciderOrd(index: RunIndex, task: TaskPlan, decider: TaskPlan, mapIndex: number): number | undefined {
  const instances = index.tasks[decider.index];
  if (decider.expand === null) return instances?.placeholder;
  return speaksByIndex(decider, task) ? instances?.byIndex[mapIndex] : undefined;
}

/** Whether both are in the same mapped group, so that an answer of index `i` is for index `i`. */
export function speaksByIndex(decider: TaskPlan, task: TaskPlan): boolean {
  return decider.mappedGroup !== null && decider.mappedGroup === task.mappedGroup;
}

function groupRoots(plan: Plan, groupId: string): number[] | undefined {
  if (!plan.spec.groups.some((group) => group.groupId === groupId)) return undefined;
  const inside = (index: number): boolean => isInGroup(plan.spec, plan.tasks[index]?.spec.groupId ?? null, groupId);
  return plan.tasks.filter((task) => inside(task.index) && !task.upstream.some(inside)).map((task) => task.index);
}

function isInGroup(spec: DagSpec, groupId: string | null, container: string): boolean {
  for (let id = groupId; id !== null;) {
    if (id === container) return true;
    const at: string = id;
    id = spec.groups.find((group) => group.groupId === at)?.parent ?? null;
  }
  return false;
}
