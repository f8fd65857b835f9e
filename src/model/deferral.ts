/**
 * @module A deferral (Airflow's `TaskDeferred`): what a task that left its worker waits for, and how it goes on. Plain data, kept in the run's rows, so that
 * it outlives deploys.
 */
import type { DagId, GroupId, TaskId } from "./ids.ts";

/** Runs of another DAG and what of them must have happened, as ExternalTaskSensor judges it. */
export interface ExternalWait {
  readonly dagId: DagId;
  /** Null with `groupId` null too: the whole run. */
  readonly taskIds: readonly TaskId[] | null;
  readonly groupId: GroupId | null;
  /** Epoch ms; all of them must match. */
  readonly logicalDates: readonly number[];
  readonly allowedStates: readonly string[];
  readonly failedStates: readonly string[];
  readonly skippedStates: readonly string[];
}

/** What ends a deferral. A point in time is watched by the run's alarm alone; the others are looked at by short attempts. */
export type TriggerSpec =
  | { readonly kind: "date-time"; readonly at: number }
  | { readonly kind: "external-task"; readonly wait: ExternalWait; readonly pollMs: number }
  | {
      readonly kind: "http";
      /** Base URL and credentials; null: `endpoint` is the whole URL. */
      readonly connId: string | null;
      readonly endpoint: string;
      readonly method: string;
      readonly headers: Readonly<Record<string, string>>;
      readonly pollMs: number;
    };

export interface Deferral {
  readonly trigger: TriggerSpec;
  /** Name among the task's `resume` functions; null: the task's own function is called again. */
  readonly method: string | null;
  /** Values for the resumed function, as the XCom codec writes them. */
  readonly kwargs: string;
  /** Epoch ms after which the wait fails; null: none. */
  readonly timeoutAt: number | null;
}
