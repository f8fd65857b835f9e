/**
 * @module Options of a task, with Airflow's names, and which value wins: the task's own, its groups' `defaultArgs` (inner first), the DAG's, the built-in one.
 */
import type { AnyXComs, Context } from "./context.ts";
import type { Asset } from "./asset.ts";
import type { Duration } from "../lib/duration.ts";
import type { PoolName } from "./register.ts";
import type { TaskCallbacks } from "./callbacks.ts";
import type { TriggerRule } from "../model/trigger-rule.ts";
import type { Typed } from "./storable.ts";
import type { DagDate } from "./days-ago.ts";

/** An integer, or text of one, as Airflow takes it. */
export type IntLike = number | `${number}`;

/** Options that also make sense as a default for many tasks. */
export interface SharedTaskOptions<X = AnyXComs> extends TaskCallbacks<X> {
  /** Default `airflow`. */
  readonly owner?: string;
  /** N retries are up to N + 1 attempts; default 0. */
  readonly retries?: IntLike;
  /** Counted from the end of the failed attempt; default `5m`. */
  readonly retryDelay?: Duration;
  /** `true` doubles the delay with each try; a number is the factor. */
  readonly retryExponentialBackoff?: boolean | number;
  readonly maxRetryDelay?: Duration;
  /** Of one attempt; default `10m`, at most `14m`. */
  readonly executionTimeout?: Duration;
  /** Addresses, as a list or with commas or semicolons between them. */
  readonly email?: string | readonly string[];
  readonly emailOnFailure?: boolean;
  readonly emailOnRetry?: boolean;
  /** Counted from the run's scheduled start. */
  readonly sla?: Duration;
  readonly pool?: PoolName;
  readonly poolSlots?: number;
  readonly priorityWeight?: number;
  readonly weightRule?: "downstream" | "upstream" | "absolute";
  readonly dependsOnPast?: boolean;
  readonly waitForDownstream?: boolean;
  readonly ignoreFirstDependsOnPast?: boolean;
  readonly maxActiveTisPerDag?: number;
  readonly maxActiveTisPerDagrun?: number;
  /** Name of the task queue; default `default`. */
  readonly queue?: string;
  /** A message and an invocation of its own: for heavy CPU or memory. */
  readonly isolate?: boolean;
  /** `direct` runs in the HTTP invocation that triggered the run; needs an `executionTimeout` of at most `20s`. */
  readonly executor?: "queue" | "direct";
  /** Splits a returned object into one XCom per key. */
  readonly multipleOutputs?: boolean;
  /** `false`: the result is not stored. */
  readonly doXcomPush?: boolean;
  readonly docMd?: string;
  readonly inlets?: readonly Asset[];
  readonly outlets?: readonly Asset[];
}

/** Options of one task. */
export interface TaskOptions<R extends TriggerRule = TriggerRule, X = AnyXComs> extends SharedTaskOptions<X> {
  /** Default `all_success`. Any other makes upstream values optional (`T | undefined`). */
  readonly triggerRule?: R;
  readonly displayName?: string;
  /** Functions that go on after a `TaskDeferred` which names them (`method`); they get the task's inputs, and `ctx.resumed`. */
  readonly resume?: Readonly<Record<string, (input: never, ctx: Context<X>) => unknown>>;
  /** Types of XComs pushed beside the result: `typed<{ rows: number }>()`. */
  readonly xcom?: Typed<X>;
}

/** `defaultArgs` of a DAG or task group. `startDate` and `endDate` are taken by the DAG. */
export interface DefaultArgs extends SharedTaskOptions {
  readonly startDate?: DagDate;
  readonly endDate?: Date | string;
}

/** Task options as the builder keeps them: type parameters do not matter any more. */
export interface GivenOptions extends TaskOptions {
  readonly opArgs?: readonly unknown[];
  readonly opKwargs?: Readonly<Record<string, unknown>>;
}

/** Merges from weakest to strongest; a key given as `undefined` does not hide a weaker value. */
export function mergedOptions<T extends object>(...layers: readonly Partial<T>[]): Partial<T> {
  const merged: Partial<T> = {};
  for (const layer of layers) {
    Object.assign(merged, Object.fromEntries(Object.entries(layer).filter(([, value]) => value !== undefined)));
  }
  return merged;
}
