/**
 * @module What a dep is (Airflow's ti_deps): one rule that may keep a task instance from running, with a sentence that a user understands.
 */
import type { DagRun } from "../../model/dag-run.ts";
import type { DepStatus } from "../../model/dep-status.ts";
import type { RunIndex } from "../dag-run/run-index.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

/** What a dep may look at. */
export interface DepInput {
  readonly run: DagRun;
  readonly index: RunIndex;
  readonly plan: TaskPlan;
  readonly instance: TaskInstance;
  /** Epoch ms. */
  readonly now: number;
}

/** Undefined: the rule does not apply to this instance. */
export type Dep = (input: DepInput) => DepStatus | undefined;

/** Whole seconds until `at`, for sentences. */
export function secondsUntil(at: number, now: number): number {
  return Math.max(0, Math.ceil((at - now) / 1000));
}
