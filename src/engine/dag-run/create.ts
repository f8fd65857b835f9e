/**
 * @module Making a run's rows, and putting a stored run together again.
 */
import { expansionLengths, instanceCount } from "../mapping.ts";
import { planOf } from "../plan.ts";
import { runIndexOf } from "./run-index.ts";
import type { DagRun, DagRunHead, InstanceFacts } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

/**
 * A fresh run: one instance per task (`ord` = place in `DagSpec.tasks`), behind them the further instances of tasks mapped over values that are
 * known already (literals, params). Nothing happens before `run-started`.
 */
export function createDagRun(
  head: DagRunHead,
  spec: DagSpec,
  longest: Readonly<Record<string, number>>,
  limitsDefaultPool = false,
): DagRun {
  const plan = planOf(spec);
  const instances = plan.tasks.map((task) => freshInstance(task.index, task.index, -1, task.spec.retries));
  const facts = new Map<number, InstanceFacts>();
  for (const task of plan.tasks) {
    const lengths = lengthsAtCreation(task, head);
    const count = lengths === null ? 0 : instanceCount(lengths);
    const first = instances[task.index];
    if (lengths === null || count === 0 || first === undefined) continue;
    first.mapIndex = 0;
    facts.set(first.ord, { expandedBy: lengths });
    for (let i = 1; i < count; i += 1)
      instances.push(freshInstance(instances.length, task.index, i, task.spec.retries));
  }
  return restoreDagRun({ head, spec, longest, instances, facts, limitsDefaultPool });
}

/** A run from its stored rows; `instances[i].ord` must be `i`. Takes the objects as they are: no copies. */
export function restoreDagRun(rows: {
  readonly head: DagRunHead;
  readonly spec: DagSpec;
  readonly longest: Readonly<Record<string, number>>;
  readonly instances: TaskInstance[];
  readonly facts: Map<number, InstanceFacts>;
  readonly limitsDefaultPool?: boolean;
}): DagRun {
  const run: DagRun = { ...rows, limitsDefaultPool: rows.limitsDefaultPool ?? false, watched: new Map() };
  const index = runIndexOf(run);
  // What the DAG object answered is not stored: the next step asks again for those that wait for the run before.
  for (const task of index.plan.tasks) if (task.watchesPast) index.dirtyTasks.add(task.index);
  return run;
}

/** An instance that nothing has happened to. */
export function freshInstance(ord: number, task: number, mapIndex: number, retries: number): TaskInstance {
  return {
    ord,
    task,
    mapIndex,
    state: "none",
    tryNumber: 0,
    maxTries: retries + 1,
    nonce: 0,
    seq: 0,
    scheduledAt: 0,
    queuedAt: 0,
    startedAt: 0,
    endedAt: 0,
    dueAt: 0,
    sends: 0,
    losses: 0,
    firstPokedAt: 0,
    pokes: 0,
    flags: 0,
    elapsedMs: 0,
    slotAsk: 0,
    slotsHeld: 0,
    slotUntil: 0,
  };
}

function lengthsAtCreation(task: TaskPlan, head: DagRunHead): Readonly<Record<string, number>> | null {
  if (task.expand === null || task.mapSources.length > 0) return null;
  const lengths = expansionLengths(task.expand, { xcom: () => "unknown", param: (name) => head.params[name] });
  return typeof lengths === "string" ? null : lengths;
}
