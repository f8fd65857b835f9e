/**
 * @module Callbacks of tasks and DAGs: one function or a list, with the context as only argument. An error in one is logged and changes no state.
 */
import type { AnyXComs, CallbackContext } from "./context.ts";
import type { Callback, DagCallback } from "./executable-dag.ts";
import type { CallbackKind } from "../model/task-spec.ts";
import type { TaskInstanceState } from "../model/state.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";

/** One or several. */
export type Many<F> = F | readonly F[];

/** One missed SLA, as `slaMissCallback` gets it. */
export interface SlaMiss {
  readonly taskId: string;
  readonly dagId: string;
  readonly logicalDate: Date;
  /** Same as `logicalDate`. */
  readonly executionDate: Date;
  readonly timestamp: Date;
  readonly emailSent: boolean;
  readonly notificationSent: boolean;
  readonly description: string | null;
}

/** Airflow's five arguments; the two task lists are text, one `task_id on iso-date` per line. */
export type SlaMissCallback = (
  dag: { readonly id: string; readonly dagId: string },
  taskList: string,
  blockingTaskList: string,
  slas: readonly SlaMiss[],
  blockingTis: readonly { readonly taskId: string; readonly state: TaskInstanceState | null }[],
) => unknown;

export interface TaskCallbacks<X = AnyXComs> {
  /** Before each attempt. */
  readonly onExecuteCallback?: Many<(context: CallbackContext<X>) => unknown>;
  readonly onSuccessCallback?: Many<(context: CallbackContext<X>) => unknown>;
  /** After the final failure, once; not for `upstream_failed`. */
  readonly onFailureCallback?: Many<(context: CallbackContext<X>) => unknown>;
  /** At each `up_for_retry`. */
  readonly onRetryCallback?: Many<(context: CallbackContext<X>) => unknown>;
  /** When the task itself skips. */
  readonly onSkippedCallback?: Many<(context: CallbackContext<X>) => unknown>;
  /** Belongs to the DAG: in `defaultArgs` or on a task it is taken there. */
  readonly slaMissCallback?: SlaMissCallback;
}

export interface DagCallbacks {
  /** Once when the run ends well. */
  readonly onSuccessCallback?: Many<DagCallback>;
  /** Once when the run fails; `reason` says why. */
  readonly onFailureCallback?: Many<DagCallback>;
  readonly slaMissCallback?: SlaMissCallback;
}

const TASK_OPTIONS: Readonly<Record<CallbackKind, keyof TaskCallbacks>> = {
  execute: "onExecuteCallback",
  success: "onSuccessCallback",
  failure: "onFailureCallback",
  retry: "onRetryCallback",
  skipped: "onSkippedCallback",
};

/** The author's task callbacks by kind; kinds without one are absent. */
export function taskCallbacks(
  place: Place,
  options: TaskCallbacks,
): Partial<Record<CallbackKind, readonly Callback[]>> {
  const callbacks: Partial<Record<CallbackKind, readonly Callback[]>> = {};
  for (const kind of ["execute", "success", "failure", "retry", "skipped"] as const) {
    const listed = listOf<Callback>(
      place,
      TASK_OPTIONS[kind],
      options[TASK_OPTIONS[kind]] as Many<Callback> | undefined,
    );
    if (listed.length > 0) callbacks[kind] = listed;
  }
  return callbacks;
}

/** The author's DAG callbacks by kind. */
export function dagCallbacks(
  place: Place,
  options: DagCallbacks,
): Partial<Record<"success" | "failure", readonly DagCallback[]>> {
  const success = listOf(place, "onSuccessCallback", options.onSuccessCallback);
  const failure = listOf(place, "onFailureCallback", options.onFailureCallback);
  return { ...(success.length > 0 ? { success } : {}), ...(failure.length > 0 ? { failure } : {}) };
}

function listOf<F>(place: Place, option: string, given: Many<F> | undefined): readonly F[] {
  if (given === undefined) return [];
  const list: readonly unknown[] = Array.isArray(given) ? given : [given];
  if (list.some((item) => typeof item !== "function")) {
    throw invalidDag(place, `${option} is no function; give one function or a list of functions`);
  }
  return list as readonly F[];
}
