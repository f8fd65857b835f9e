/**
 * @module A slow, obvious judge of trigger rules: written from Airflow's sentences, not from the engine.
 */
import type { DagRun } from "../../src/model/dag-run.ts";
import { FINISHED_STATES, type TaskInstanceState } from "../../src/model/state.ts";
import type { TriggerRule } from "../../src/model/trigger-rule.ts";

/** True when a task with this rule may run, given the states of all its upstream task instances. */
export function mayRun(rule: TriggerRule, upstream: readonly TaskInstanceState[]): boolean {
  const states = upstream.filter((state) => state !== "removed");
  if (upstream.length === 0) return true;
  const done = states.every((state) => FINISHED_STATES.has(state));
  const failed = (state: TaskInstanceState): boolean => state === "failed" || state === "upstream_failed";
  const succeeded = states.some((state) => state === "success");
  const anyFailed = states.some(failed);
  const anySkipped = states.includes("skipped");
  const verdicts: Record<TriggerRule, boolean> = {
    all_success: states.every((state) => state === "success"),
    all_failed: states.every(failed),
    all_done: done,
    all_done_min_one_success: done && succeeded && !anySkipped,
    all_done_setup_success: done,
    all_skipped: states.every((state) => state === "skipped"),
    one_success: succeeded,
    one_failed: anyFailed,
    one_done: states.some((state) => state === "success" || state === "failed"),
    none_failed: done && !anyFailed,
    none_failed_min_one_success: done && !anyFailed && succeeded,
    none_skipped: done && !anySkipped,
    always: true,
  };
  return verdicts[rule];
}

/** States of all upstream instances of a task. */
export function upstreamStates(run: DagRun, task: number): readonly TaskInstanceState[] {
  const names = run.spec.tasks[task]?.upstream ?? [];
  const states: TaskInstanceState[] = [];
  for (const instance of run.instances) {
    const taskId = run.spec.tasks[instance.task]?.taskId;
    if (taskId !== undefined && names.includes(taskId)) states.push(instance.state);
  }
  return states;
}
