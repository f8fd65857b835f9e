/**
 * @module Which deps apply when, on one page. The engine's decisions follow the same order (`decide.ts`, `settle.ts`, `dispatch.ts`).
 */
import { dagRunStateDep } from "./dag-run-state-dep.ts";
import { deferralDep } from "./deferral-dep.ts";
import { mappedTaskUpstreamDep } from "./mapped-task-upstream-dep.ts";
import { maxActiveTasksDep } from "./max-active-tasks-dep.ts";
import { notInRetryPeriodDep } from "./not-in-retry-period-dep.ts";
import { notPreviouslySkippedDep } from "./not-previously-skipped-dep.ts";
import { prevDagrunDep } from "./prev-dagrun-dep.ts";
import { readyToRescheduleDep } from "./ready-to-reschedule-dep.ts";
import { slotsAvailableDep } from "./slots-available-dep.ts";
import { taskConcurrencyDep } from "./task-concurrency-dep.ts";
import { taskInstanceStateDep } from "./task-instance-state-dep.ts";
import { triggerRuleDep } from "./trigger-rule-dep.ts";
import { workerDep } from "./worker-dep.ts";
import type { Dep } from "./dep.ts";

/** May it be scheduled: states `none`, `up_for_retry`, `up_for_reschedule`. */
export const SCHEDULING_DEPS: readonly Dep[] = [
  dagRunStateDep,
  taskInstanceStateDep,
  notInRetryPeriodDep,
  readyToRescheduleDep,
  notPreviouslySkippedDep,
  triggerRuleDep,
  mappedTaskUpstreamDep,
  prevDagrunDep,
];

/** May it be queued: state `scheduled`. */
export const QUEUEING_DEPS: readonly Dep[] = [
  dagRunStateDep,
  taskInstanceStateDep,
  maxActiveTasksDep,
  taskConcurrencyDep,
  slotsAvailableDep,
];

/** Why it does not go on yet: state `deferred`. Its other deps were met when its try began. */
export const DEFERRED_DEPS: readonly Dep[] = [dagRunStateDep, deferralDep];

/** Why it does not run yet: state `queued`. Nothing is decided any more. */
export const RUNNING_DEPS: readonly Dep[] = [dagRunStateDep, workerDep];

/** It has ended: what must happen before it could run again. */
export const FINISHED_DEPS: readonly Dep[] = [dagRunStateDep, taskInstanceStateDep];
