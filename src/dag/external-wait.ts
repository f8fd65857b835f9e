/**
 * @module Waiting for another DAG (Airflow's ExternalTaskSensor): what may be asked for, and what the states of the other DAG's runs mean for the one that waits.
 */
import { FINISHED_RUN_STATES, TASK_INSTANCE_STATES } from "../model/state.ts";
import type { ExternalWait } from "../model/deferral.ts";
import type { ObservedRun } from "../model/protocol.ts";

/** What a wait asks for, as an author writes it. */
export interface ExternalTarget {
  readonly task?: string | undefined;
  readonly tasks?: readonly string[] | undefined;
  readonly group?: string | undefined;
  readonly allowedStates?: readonly string[] | undefined;
  readonly failedStates?: readonly string[] | undefined;
  readonly skippedStates?: readonly string[] | undefined;
}

const RUN_STATES: readonly string[] = ["queued", "running", ...FINISHED_RUN_STATES];

/** The wait without its dates. Throws an `Error` that says what does not go together. */
export function externalWaitOf(dagId: string, target: ExternalTarget): Omit<ExternalWait, "logicalDates"> {
  const { task, group } = target;
  const tasks = target.tasks !== undefined && target.tasks.length > 0 ? target.tasks : undefined;
  if ([task, tasks, group].filter((given) => given !== undefined).length > 1)
    throw new Error("only one of task, tasks and group may be given; leave out all three to wait for the whole run");
  const taskIds = task === undefined ? (tasks ?? null) : [task];
  if (taskIds !== null && new Set(taskIds).size < taskIds.length)
    throw new Error(`tasks names ${taskIds.find((id, i) => taskIds.indexOf(id) !== i)} twice`);
  const allowedStates = target.allowedStates?.length ? target.allowedStates : ["success"];
  const failedStates = target.failedStates ?? [];
  const skippedStates = target.skippedStates ?? [];
  const all = [...allowedStates, ...failedStates, ...skippedStates];
  if (new Set(all).size < all.length)
    throw new Error(
      `state ${all.find((state, i) => all.indexOf(state) !== i)} stands twice among allowedStates, failedStates and skippedStates`,
    );
  const ofRun = taskIds === null && group === undefined;
  const known: readonly string[] = ofRun ? RUN_STATES : TASK_INSTANCE_STATES;
  const unknown = all.find((state) => !known.includes(state));
  if (unknown !== undefined)
    throw new Error(`${unknown} is no state of a ${ofRun ? "run" : "task"}; states are ${known.join(", ")}`);
  return { dagId, taskIds, groupId: group ?? null, allowedStates, failedStates, skippedStates };
}

export type ExternalVerdict = "success" | "failed" | "skipped" | "waiting";

/**
 * A state of `failedStates` anywhere decides first, then one of `skippedStates`; success needs every date, and of it every task with all its instances, in
 * `allowedStates`.
 */
export function judgeExternal(wait: ExternalWait, runs: readonly ObservedRun[]): ExternalVerdict {
  const asked = runs.filter((run) => wait.logicalDates.includes(run.logicalDate));
  const ofRun = wait.taskIds === null && wait.groupId === null;
  const states = asked.flatMap((run): readonly string[] =>
    ofRun ? [run.state] : run.instances.map(({ state }) => state),
  );
  if (states.some((state) => wait.failedStates.includes(state))) return "failed";
  if (states.some((state) => wait.skippedStates.includes(state))) return "skipped";
  const isThere = (logicalDate: number): boolean => {
    const run = asked.find((one) => one.logicalDate === logicalDate);
    if (run === undefined) return false;
    if (ofRun) return wait.allowedStates.includes(run.state);
    const tasks = wait.taskIds ?? [...new Set(run.instances.map(({ taskId }) => taskId))];
    return tasks.length > 0 && tasks.every((taskId) => hasGotThere(wait, run, taskId));
  };
  return wait.logicalDates.length > 0 && wait.logicalDates.every(isThere) ? "success" : "waiting";
}

function hasGotThere(wait: ExternalWait, run: ObservedRun, taskId: string): boolean {
  const own = run.instances.filter((instance) => instance.taskId === taskId);
  return own.length > 0 && own.every(({ state }) => wait.allowedStates.includes(state));
}
