/**
 * @module Names of all options, for authors whose editor does not check them: a misspelt option is a load error, never silently ignored.
 *
 * Only `defaultArgs` may hold more, as in Airflow: of those each task takes what it knows.
 */
import type { DagOptions } from "./dag-options.ts";
import type { GivenOptions } from "./task-options.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";

const TASK_OPTIONS: Readonly<Record<keyof GivenOptions, true>> = {
  displayName: true,
  docMd: true,
  dependsOnPast: true,
  doXcomPush: true,
  email: true,
  emailOnFailure: true,
  emailOnRetry: true,
  executionTimeout: true,
  executor: true,
  ignoreFirstDependsOnPast: true,
  inlets: true,
  isolate: true,
  maxActiveTisPerDag: true,
  maxActiveTisPerDagrun: true,
  maxRetryDelay: true,
  multipleOutputs: true,
  onExecuteCallback: true,
  onFailureCallback: true,
  onRetryCallback: true,
  onSkippedCallback: true,
  onSuccessCallback: true,
  opArgs: true,
  opKwargs: true,
  outlets: true,
  owner: true,
  pool: true,
  poolSlots: true,
  priorityWeight: true,
  queue: true,
  resume: true,
  retries: true,
  retryDelay: true,
  retryExponentialBackoff: true,
  sla: true,
  slaMissCallback: true,
  triggerRule: true,
  waitForDownstream: true,
  weightRule: true,
  xcom: true,
};

const DAG_OPTIONS: Readonly<Record<keyof DagOptions, true>> = {
  catchup: true,
  dagrunTimeout: true,
  deadline: true,
  slaRuns: true,
  defaultArgs: true,
  description: true,
  displayName: true,
  docMd: true,
  endDate: true,
  failFast: true,
  overlap: true,
  retention: true,
  isPausedUponCreation: true,
  maxActiveRuns: true,
  maxActiveTasks: true,
  maxConsecutiveFailedDagRuns: true,
  onFailureCallback: true,
  onSuccessCallback: true,
  params: true,
  schedule: true,
  scheduleInterval: true,
  slaMissCallback: true,
  startDate: true,
  tags: true,
  timezone: true,
};

/** The part of `options` that any task has. */
export function taskOptionsAmong(options: object): GivenOptions {
  return Object.fromEntries(Object.entries(options).filter(([name]) => Object.hasOwn(TASK_OPTIONS, name)));
}

export function assertTaskOptions(place: Place, options: object): void {
  assertKnown(place, options, TASK_OPTIONS);
}

export function assertDagOptions(place: Place, options: object): void {
  assertKnown(place, options, DAG_OPTIONS);
}

function assertKnown(place: Place, options: object, known: Readonly<Record<string, true>>): void {
  const unknown = Object.keys(options).find((name) => !Object.hasOwn(known, name));
  if (unknown === undefined) return;
  throw invalidDag(place, `there is no option "${unknown}"; options are ${Object.keys(known).join(", ")}`);
}
