/**
 * @module What the engine keeps in memory beside a run, derived from its rows: instances by task, upstream counts, due times, what is ready.
 *
 * One finished instance costs its task's out-degree. Invariants (checked by `invariants.ts`):
 * 1. `shared[kind][task]` counts all instances of the task's not aligned upstream tasks; `own[kind][ord]` those of its aligned ones that matter to it.
 * 2. Each instance with a `dueAt` has a heap entry at or before it.
 * 3. Each `scheduled` instance is in `ready`, in `wanting`, in `asking` or in `parked` of its task.
 * 4. `holding` has exactly the instances that hold slots.
 */
import { EDGE_KINDS, planOf } from "../plan.ts";
import {
  FAILED_STATES,
  FINISHED_STATES,
  OPEN_ATTEMPT_STATES,
  SCHEDULEABLE_STATES,
  TASK_INSTANCE_STATES,
} from "../../model/state.ts";
import { countInstance, noCounts } from "../upstream-counts.ts";
import { pushHeap } from "../binary-heap.ts";
import type { BinaryHeap } from "../binary-heap.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { EdgeKind, Plan } from "../plan.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskInstanceState } from "../../model/state.ts";
import type { UpstreamCounts } from "../upstream-counts.ts";

/** Instances of one task. */
export interface TaskInstances {
  /** Ord of the instance with map index -1, or -1. */
  placeholder: number;
  /** Ord by map index. */
  readonly byIndex: number[];
  /** How many are in a state from which deps are evaluated, and how many are queued or running. */
  schedulable: number;
  active: number;
  /** Ords that are ready but over the task's own limit, first in first out. */
  readonly parked: number[];
  /** How many of them are in `RunIndex.asking`. */
  asking: number;
  /** A source of the mapping was finished again since the last expansion. */
  revise: boolean;
}

export type AskPhase = "pending" | "waiting";

export interface RunIndex {
  plan: Plan;
  tasks: TaskInstances[];
  shared: Record<EdgeKind, (UpstreamCounts | undefined)[]>;
  own: Record<EdgeKind, (UpstreamCounts | undefined)[]>;
  states: Record<TaskInstanceState, number>;
  unfinished: number;
  active: number;
  failedLeaves: number;
  /** By due time; see `heapAt`. */
  due: BinaryHeap;
  /** Time of the earliest heap entry of an ord, 0 = none. */
  heapAt: number[];
  /** Key is minus the priority weight. */
  ready: BinaryHeap;
  /** As `ready`: instances that have to ask for slots first. */
  wanting: BinaryHeap;
  /** Instances that have asked for slots: `pending` without an answer yet, `waiting` in a limit's list. */
  asking: Map<number, AskPhase>;
  pending: number;
  /** What a limit last said about an instance that waits for it. */
  slotReasons: Map<number, string>;
  /** Ords that hold slots, and when they were last to be renewed. */
  holding: Set<number>;
  renewAskedAt: number;
  limitsDefaultPool: boolean;
  /** Work lists of the next round of decisions. */
  dirtyTasks: Set<number>;
  dirtyOrds: Set<number>;
  /** Tasks about whose past the DAG object has been asked. */
  asked: Set<number>;
}

const indexes = new WeakMap<DagRun, RunIndex>();

/** The index of a run, built from its rows when it is first asked for. */
export function runIndexOf(run: DagRun): RunIndex {
  const known = indexes.get(run);
  if (known !== undefined) return known;
  const index = buildRunIndex(run);
  indexes.set(run, index);
  return index;
}

/** Makes the run's index anew, after its spec or its rows were replaced. */
export function rebuildRunIndex(run: DagRun): RunIndex {
  const index = buildRunIndex(run);
  indexes.set(run, index);
  return index;
}

/** A fresh index of the rows as they stand, beside the cached one. */
export function buildRunIndex(run: DagRun): RunIndex {
  const index = emptyIndex(planOf(run.spec), run.limitsDefaultPool);
  for (const instance of run.instances) enterInstance(index, instance);
  for (const task of index.plan.tasks) {
    for (const edge of task.counts) {
      if (edge.aligned) continue;
      forEachOrd(index, edge.task, (ord) => countShared(index, edge.kind, task.index, run.instances[ord], 1));
    }
    if (task.hasAligned) forEachOrd(index, task.index, (ord) => countOwn(run, index, ord));
  }
  return index;
}

function emptyIndex(plan: Plan, limitsDefaultPool: boolean): RunIndex {
  return {
    plan,
    tasks: plan.tasks.map((task) => ({
      placeholder: -1,
      byIndex: [],
      schedulable: 0,
      active: 0,
      parked: [],
      asking: 0,
      revise: task.expand !== null,
    })),
    shared: { direct: [], setup: [], scope: [] },
    own: { direct: [], setup: [], scope: [] },
    states: Object.fromEntries(TASK_INSTANCE_STATES.map((state) => [state, 0])) as Record<TaskInstanceState, number>,
    unfinished: 0,
    active: 0,
    failedLeaves: 0,
    due: [],
    heapAt: [],
    ready: [],
    wanting: [],
    asking: new Map(),
    pending: 0,
    slotReasons: new Map(),
    holding: new Set(),
    renewAskedAt: 0,
    limitsDefaultPool,
    dirtyTasks: new Set(),
    dirtyOrds: new Set(),
    asked: new Set(),
  };
}

/** Registers an instance: its place, its state, its timer. Counts of others are the caller's. */
export function enterInstance(index: RunIndex, instance: TaskInstance): void {
  const task = index.tasks[instance.task];
  if (task === undefined) return;
  if (instance.mapIndex < 0) task.placeholder = instance.ord;
  else task.byIndex[instance.mapIndex] = instance.ord;
  tallyState(index, instance, instance.state, 1);
  if (instance.slotsHeld > 0) index.holding.add(instance.ord);
  // With a timer it has asked for slots: the answer will come, or it asks again then.
  if (instance.state === "scheduled" && instance.dueAt > 0) noteAsking(index, instance, "waiting");
  else if (instance.state === "scheduled") pushReady(index, instance);
  if (instance.dueAt > 0) noteDue(index, instance);
}

/** Adds or takes away one instance from the run's sums. */
export function tallyState(index: RunIndex, instance: TaskInstance, state: TaskInstanceState, by: 1 | -1): void {
  const task = index.tasks[instance.task];
  index.states[state] += by;
  if (!FINISHED_STATES.has(state)) index.unfinished += by;
  if (FAILED_STATES.has(state) && index.plan.tasks[instance.task]?.isLeaf === true) index.failedLeaves += by;
  if (task === undefined) return;
  if (SCHEDULEABLE_STATES.has(state)) task.schedulable += by;
  if (OPEN_ATTEMPT_STATES.has(state)) {
    task.active += by;
    index.active += by;
  }
}

/** Adds or takes away one upstream instance from what all instances of `task` see. */
export function countShared(
  index: RunIndex,
  kind: EdgeKind,
  task: number,
  upstream: TaskInstance | undefined,
  by: 1 | -1,
): void {
  if (upstream === undefined) return;
  const counts = (index.shared[kind][task] ??= noCounts());
  countInstance(counts, upstream.state, index.plan.tasks[upstream.task]?.spec.isSetup === true, by);
}

/** Counts anew what one instance sees of its aligned upstream tasks: the one of its own index, or an unexpanded one. */
export function countOwn(run: DagRun, index: RunIndex, ord: number): void {
  const instance = run.instances[ord];
  const plan = instance === undefined ? undefined : index.plan.tasks[instance.task];
  if (instance === undefined || plan === undefined) return;
  for (const kind of EDGE_KINDS) index.own[kind][ord] = undefined;
  for (const edge of plan.counts) {
    if (!edge.aligned) continue;
    const counts = (index.own[edge.kind][ord] ??= noCounts());
    const isSetup = index.plan.tasks[edge.task]?.spec.isSetup === true;
    const others = index.tasks[edge.task];
    for (const other of [others?.placeholder, instance.mapIndex < 0 ? undefined : others?.byIndex[instance.mapIndex]]) {
      const upstream = other === undefined ? undefined : run.instances[other];
      if (upstream !== undefined) countInstance(counts, upstream.state, isSetup, 1);
    }
  }
}

/** Calls back for each instance of a task, in map order. */
export function forEachOrd(index: RunIndex, task: number, each: (ord: number) => void): void {
  const instances = index.tasks[task];
  if (instances === undefined) return;
  if (instances.placeholder >= 0) each(instances.placeholder);
  for (const ord of instances.byIndex) each(ord);
}

/** Must it ask a limit for slots before it may be opened? */
export function lacksSlots(index: RunIndex, instance: TaskInstance): boolean {
  const plan = index.plan.tasks[instance.task];
  if (plan === undefined) return false;
  return instance.slotsHeld < (index.limitsDefaultPool ? plan.limits.length : plan.ownLimits);
}

/** Notes that an instance asks for slots, or (null) that it does no longer. */
export function noteAsking(index: RunIndex, instance: TaskInstance, phase: AskPhase | null): void {
  const before = index.asking.get(instance.ord);
  const instances = index.tasks[instance.task];
  if (before === "pending") index.pending -= 1;
  if (phase === "pending") index.pending += 1;
  if (instances !== undefined) instances.asking += Number(phase !== null) - Number(before !== undefined);
  if (phase === null) {
    index.asking.delete(instance.ord);
    index.slotReasons.delete(instance.ord);
  } else index.asking.set(instance.ord, phase);
}

export function pushReady(index: RunIndex, instance: TaskInstance): void {
  pushHeap(lacksSlots(index, instance) ? index.wanting : index.ready, {
    key: -(index.plan.weights()[instance.task] ?? 0),
    value: instance.ord,
  });
}

/** Sees to it that the heap reaches the instance's `dueAt`. An earlier entry is enough: it is moved on when it comes up. */
export function noteDue(index: RunIndex, instance: TaskInstance): void {
  const at = index.heapAt[instance.ord] ?? 0;
  if (at !== 0 && at <= instance.dueAt) return;
  index.heapAt[instance.ord] = instance.dueAt;
  pushHeap(index.due, { key: instance.dueAt, value: instance.ord });
}
