/**
 * @module Callbacks of tasks and DAGs: one function or a list, with the context as only argument. An error in one is logged and changes no state.
 */
import type { AnyXComs, CallbackContext } from "./context.ts";
import type { Callback, DagCallback } from "./executable-dag.ts";
import type { CallbackKind } from "../model/task-spec.ts";
import type { TaskInstanceState } from "../model/state.ts";
import type { RunContext } from "./context.ts";
import type { DeadlineSpec } from "../model/dag-spec.ts";
import { durationMs, type Duration } from "../lib/duration.ts";
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

/** Argument of a deadline's callback. */
export interface DeadlineContext extends RunContext {
  readonly deadline: { readonly reference: DeadlineReference["kind"]; readonly missedAt: Date };
  /** Names the event, the same when it is told again. */
  readonly eventId: string;
}

/** From when a deadline counts; made by `DeadlineReference`. */
export type DeadlineReference = DeadlineSpec["reference"];

/** Airflow's names: `DeadlineReference.DAGRUN_LOGICAL_DATE`, `DAGRUN_QUEUED_AT`, `FIXED_DATETIME(date)`, `AVERAGE_RUNTIME({ maxRuns, minRuns })`. */
export const DeadlineReference = {
  DAGRUN_LOGICAL_DATE: { kind: "logical_date" },
  DAGRUN_QUEUED_AT: { kind: "queued_at" },
  FIXED_DATETIME: (date: Date | string): DeadlineReference => ({ kind: "fixed", at: new Date(date).getTime() }),
  AVERAGE_RUNTIME: (options: { readonly maxRuns?: number; readonly minRuns?: number } = {}): DeadlineReference => {
    const { maxRuns = DEADLINE_RUNS, minRuns = maxRuns } = options;
    return { kind: "average_runtime", maxRuns, minRuns };
  },
} as const;

/** Runs that the average is of, when the author does not say; and at most. */
const DEADLINE_RUNS = 10;
const DEADLINE_RUNS_MAX = 100;

/** A run that has not succeeded this long after the reference (Airflow's `DeadlineAlert`). */
export interface Deadline {
  readonly reference: DeadlineReference;
  readonly interval: Duration;
  readonly callback: Many<(context: DeadlineContext) => unknown>;
}

export interface DagCallbacks {
  /** Called once when a run has not succeeded in time. */
  readonly deadline?: Many<Deadline>;
  /** `all`: the SLAs of tasks count for runs by hand, backfills and so on, too, from when such a run is due. Default `scheduled`, as Airflow. */
  readonly slaRuns?: "scheduled" | "all";
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

/** The distinct SLA callbacks of a DAG, its defaults and its tasks: all are the DAG's. */
export function slaMissCallbacks(
  place: Place,
  layers: readonly Pick<DagCallbacks, "slaMissCallback">[],
): readonly SlaMissCallback[] {
  const given = layers.flatMap(({ slaMissCallback }) => listOf(place, "slaMissCallback", slaMissCallback));
  return [...new Set(given)];
}

export interface ReadDeadlines {
  readonly specs: readonly DeadlineSpec[];
  readonly callbacks: readonly (readonly ((context: DeadlineContext) => unknown)[])[];
}

/** Throws `invalid_dag` for what is no deadline. */
export function deadlinesOf(place: Place, given: Many<Deadline> | undefined): ReadDeadlines {
  const list: readonly Deadline[] = given === undefined ? [] : Array.isArray(given) ? given : [given as Deadline];
  const specs = list.map(({ reference, interval }): DeadlineSpec => {
    const intervalMs = durationMs(interval);
    if (intervalMs === undefined)
      throw invalidDag(place, `deadline interval ${JSON.stringify(interval)} is no duration; write "30m" or "2h"`);
    if (reference.kind === "fixed" && !Number.isFinite(reference.at))
      throw invalidDag(place, "deadline: FIXED_DATETIME was given no date");
    if (reference.kind === "average_runtime") {
      const { maxRuns, minRuns } = reference;
      if (![maxRuns, minRuns].every((runs) => Number.isInteger(runs) && runs >= 1 && runs <= DEADLINE_RUNS_MAX))
        throw invalidDag(place, `deadline: AVERAGE_RUNTIME takes 1 to ${DEADLINE_RUNS_MAX} runs`);
    }
    return { reference, intervalMs };
  });
  return { specs, callbacks: list.map(({ callback }) => listOf(place, "deadline callback", callback)) };
}
