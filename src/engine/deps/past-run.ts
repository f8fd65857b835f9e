/**
 * @module `depends_on_past` and `wait_for_downstream` judged against the run before (Airflow's PrevDagrunDep). The DAG's object finds that run and asks;
 * the answer reaches the waiting run as `watched-state`, where `prev-dagrun-dep.ts` reads it.
 */
import type { TaskId } from "../../model/ids.ts";
import type { TaskInstanceState } from "../../model/state.ts";

/** What is asked: the task itself, and with `wait_for_downstream` its direct downstream tasks. */
export interface PastDependency {
  readonly taskId: TaskId;
  readonly downstream: readonly TaskId[];
  readonly ignoreFirst: boolean;
}

/** The run before, with the instances of the tasks asked about. */
export interface PastRun {
  readonly runId: string;
  readonly instances: readonly { readonly taskId: TaskId; readonly state: TaskInstanceState }[];
}

export interface PastAnswer {
  readonly passed: boolean;
  readonly reason: string;
}

const DONE: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>(["success", "skipped"]);

/** Every instance of the task, and of the downstream tasks, must have succeeded or been skipped. Without a run before (null) it passes. */
export function judgePastRun({ taskId, downstream, ignoreFirst }: PastDependency, past: PastRun | null): PastAnswer {
  if (past === null) return { passed: true, reason: "there is no earlier run" };
  const own = past.instances.filter((instance) => instance.taskId === taskId);
  if (own.length === 0) {
    const none = `the run before (${past.runId}) has no task ${taskId}`;
    return { passed: ignoreFirst, reason: ignoreFirst ? `${none}, and ignore_first_depends_on_past is set` : none };
  }
  const waited = new Set([taskId, ...downstream]);
  const late = past.instances.find((instance) => waited.has(instance.taskId) && !DONE.has(instance.state));
  return late === undefined
    ? { passed: true, reason: `the run before (${past.runId}) has done it` }
    : {
        passed: false,
        reason: `task ${late.taskId} of the run before (${past.runId}) is ${late.state}, not success or skipped`,
      };
}
