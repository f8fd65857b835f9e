/**
 * @module One task of a serialized DAG: all the engine and the history see of it. Durations are milliseconds, names camelCase; the wire has Airflow's snake_case.
 */
import type { ArgExpr, ExpandSpec } from "./arg-expr.ts";
import type { GroupId, TaskId } from "./ids.ts";
import type { TriggerRule } from "./trigger-rule.ts";

/**
 * What the engine must know about the kind of a task. `empty` is never dispatched (unless it has callbacks or outlets); `branch` answers with the
 * tasks to follow; `short_circuit` with whether to go on; `sensor` with whether to poke again. Everything else is `task`.
 */
export type TaskKind = "task" | "empty" | "branch" | "short_circuit" | "sensor";

export interface SensorSpec {
  readonly pokeIntervalMs: number;
  readonly timeoutMs: number;
  readonly mode: "poke" | "reschedule";
  readonly softFail: boolean;
  readonly silentFail: boolean;
  readonly neverFail: boolean;
  readonly exponentialBackoff: boolean;
  readonly maxWaitMs: number | null;
}

export type CallbackKind = "execute" | "success" | "failure" | "retry" | "skipped";

export interface TaskSpec {
  readonly taskId: TaskId;
  readonly kind: TaskKind;
  /** Shown as `operator_name`: `PythonOperator`, `EmptyOperator`, `BranchPythonOperator`, the sensor class, ... */
  readonly operatorName: string;
  /** Direct upstream task ids in order of declaration, groups already expanded to their leaves or roots. */
  readonly upstream: readonly TaskId[];
  readonly groupId: GroupId | null;
  readonly triggerRule: TriggerRule;
  readonly isSetup: boolean;
  readonly isTeardown: boolean;
  readonly onFailureFailDagrun: boolean;
  readonly owner: string;
  readonly retries: number;
  readonly retryDelayMs: number;
  /** Factor of the exponential backoff; 0 = none (`false`), 2 = `true`. */
  readonly retryExponentialBackoff: number;
  readonly maxRetryDelayMs: number | null;
  readonly executionTimeoutMs: number;
  readonly dependsOnPast: boolean;
  readonly waitForDownstream: boolean;
  readonly ignoreFirstDependsOnPast: boolean;
  readonly pool: string;
  readonly poolSlots: number;
  readonly priorityWeight: number;
  readonly weightRule: "downstream" | "upstream" | "absolute";
  readonly maxActiveTisPerDag: number | null;
  readonly maxActiveTisPerDagrun: number | null;
  /** Name of the task queue; `default` unless the author chose one. */
  readonly queue: string;
  readonly isolate: boolean;
  readonly executor: "queue" | "direct";
  /** Inputs by name. */
  readonly args: Readonly<Record<string, ArgExpr>>;
  /** Set when the task itself is mapped (`expand`, `expandKwargs`). */
  readonly expand: ExpandSpec | null;
  /** Lengths this task must report with a success, because somebody maps over them (`lengthKey`). */
  readonly reportLengths: readonly string[];
  /** Splits a returned object into one XCom per key. */
  readonly multipleOutputs: boolean;
  readonly doXcomPush: boolean;
  /** `short_circuit` only. */
  readonly ignoreDownstreamTriggerRules: boolean;
  readonly sensor: SensorSpec | null;
  /** Which callbacks the author gave; the engine emits only those. */
  readonly callbacks: readonly CallbackKind[];
  readonly email: readonly string[];
  readonly emailOnFailure: boolean;
  readonly emailOnRetry: boolean;
  readonly slaMs: number | null;
  /** Asset URIs. */
  readonly inlets: readonly string[];
  readonly outlets: readonly string[];
  readonly docMd: string | null;
  readonly displayName: string | null;
  /** Values of `params` shown by the API for this task. */
  readonly params: Readonly<Record<string, unknown>>;
}
