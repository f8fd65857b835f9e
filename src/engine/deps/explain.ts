/**
 * @module Why does this task instance not run? All deps that apply to its state, told in sentences.
 */
import { DEFERRED_DEPS, FINISHED_DEPS, QUEUEING_DEPS, RUNNING_DEPS, SCHEDULING_DEPS } from "./dep-sets.ts";
import { FINISHED_STATES } from "../../model/state.ts";
import { runIndexOf } from "../dag-run/run-index.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { Dep } from "./dep.ts";
import type { DepStatus } from "../../model/dep-status.ts";
import type { TaskInstanceState } from "../../model/state.ts";

/** The deps of an instance, passed and not; none for an unknown `ord` or a task that the DAG has no more. */
export function explain(run: DagRun, ord: number, now: number): DepStatus[] {
  const index = runIndexOf(run);
  const instance = run.instances[ord];
  const plan = instance === undefined ? undefined : index.plan.tasks[instance.task];
  if (instance === undefined || plan === undefined) return [];
  const statuses = depsFor(instance.state).map((dep) => dep({ run, index, plan, instance, now }));
  return statuses.filter((status) => status !== undefined);
}

function depsFor(state: TaskInstanceState): readonly Dep[] {
  if (FINISHED_STATES.has(state)) return FINISHED_DEPS;
  if (state === "scheduled") return QUEUEING_DEPS;
  if (state === "deferred") return DEFERRED_DEPS;
  return state === "queued" || state === "running" ? RUNNING_DEPS : SCHEDULING_DEPS;
}
