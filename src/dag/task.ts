/**
 * @module `task`: a named plain function (Airflow's `PythonOperator` and `@task`). Calling it inside `dag(...)` places it; the calls are the graph.
 */
import type { AnyXComs, Context } from "./context.ts";
import type { Arg, ArgsOf, CallArgs, NoInput } from "./args-of.ts";
import type { GivenOptions, TaskOptions } from "./task-options.ts";
import type { Mappable, MappedTaskArg, TaskArg } from "./xcom-arg.ts";
import type { Placement } from "./place-task.ts";
import type { Stored } from "./storable.ts";
import type { SensorSpec } from "../model/task-spec.ts";
import type { TaskHandler } from "./executable-dag.ts";
import type { TriggerRule } from "../model/trigger-rule.ts";
import { assertKey, invalidDag } from "./invalid-dag.ts";
import { placeTask } from "./place-task.ts";
import { taskRef } from "./task-ref.ts";

/** A function's answer: a value or a promise of one, refused by the compiler when it cannot be stored. */
export type Answer<O> = O & Stored<Awaited<O>>;

/** Lists to map over, by input: written out, or references to lists. */
export type Over<I, K extends keyof I> = {
  readonly [P in K]: readonly Exclude<I[P], undefined>[] | Mappable<Exclude<I[P], undefined>>;
};

/** A task with some inputs fixed, waiting for the lists of the others. */
export interface PartialTask<I, O, R extends TriggerRule, X> {
  expand<K extends keyof I>(over: Over<I, K>, ...fixed: CallArgs<Omit<I, K>, R>): MappedTaskArg<O, X>;
  expandKwargs(inputs: readonly ArgsOf<I, R>[] | Mappable<I>): MappedTaskArg<O, X>;
}

/** A task's definition. It belongs to no DAG; each call inside `dag(...)` places it once. */
export interface TaskDef<
  I,
  O,
  R extends TriggerRule = "all_success",
  X = AnyXComs,
  F = (input: I, ctx: Context<X>) => O | Promise<O>,
> {
  (...args: CallArgs<I, R>): TaskArg<O, X>;
  readonly id: string;
  /** The plain function: a unit test needs no runtime. */
  readonly fn: F;
  /**
   * The same function under another id or with other options.
   * @example
   * const refs = ["mysql", "postgres"].map((source) => processSource.with({ id: `process_${source}` })({ source }));
   */
  with<R2 extends TriggerRule = R>(
    options: Omit<TaskOptions<R2, X>, "xcom"> & { readonly id?: string },
  ): TaskDef<I, O, R2, X, F>;
  /**
   * One instance per element at run time; several inputs give every combination, the first varying slowest. The result is the list of their results.
   * @example
   * const parts = processSource.expand({ source: listSources() }, { since: new Date(0) });
   */
  expand<K extends keyof I>(over: Over<I, K>, ...fixed: CallArgs<Omit<I, K>, R>): MappedTaskArg<O, X>;
  /**
   * Fixes some inputs for all instances.
   * @example
   * processSource.partial({ since: new Date(0) }).expand({ source: listSources() });
   */
  partial<K extends keyof I>(fixed: { readonly [P in K]: Arg<I[P], R> }): PartialTask<Omit<I, K>, O, R, X>;
  /**
   * One instance per object of inputs.
   * @example
   * processSource.expandKwargs([{ source: "mysql" }, { source: "postgres" }]);
   */
  expandKwargs(inputs: readonly ArgsOf<I, R>[] | Mappable<I>): MappedTaskArg<O, X>;
}

/** `opArgs`: values handed to the function by position, before the inputs and the context, as PythonOperator does. */
interface WithOpArgs<A extends readonly unknown[]> {
  readonly opArgs: readonly [...A];
  readonly opKwargs?: undefined;
}
/** `opKwargs`: named values; the function gets them as its input object. */
interface WithOpKwargs<K extends object> {
  readonly opArgs?: undefined;
  readonly opKwargs: K;
}

/**
 * Defines a task.
 * @example
 * const extract = task("extract", { retries: 3 }, async ({ region }: { region: string }, ctx) => {
 *   ctx.log.info(`extracting ${region}`);
 *   return { rowCount: 1000 };
 * });
 * @example
 * // As PythonOperator: positional and named values at the definition.
 * const processMysql = task("process_mysql", { opArgs: ["mysql"] }, async (source: string) => source.length);
 */
export function task<I = NoInput, O = void>(
  id: string,
  fn: (input: I, ctx: Context) => Answer<O>,
): TaskDef<I, Awaited<O>>;
export function task<
  A extends readonly unknown[],
  F extends (...args: [...A, ctx: Context<X>]) => unknown,
  R extends TriggerRule = "all_success",
  X = AnyXComs,
>(
  id: string,
  options: TaskOptions<R, X> & WithOpArgs<A>,
  fn: F & Stored<Awaited<ReturnType<F>>>,
): TaskDef<NoInput, Awaited<ReturnType<F>>, R, X, F>;
export function task<K extends object, O = void, R extends TriggerRule = "all_success", X = AnyXComs>(
  id: string,
  options: TaskOptions<R, X> & WithOpKwargs<K>,
  fn: (input: K, ctx: Context<X>) => Answer<O>,
): TaskDef<Partial<K>, Awaited<O>, R, X, (input: K, ctx: Context<X>) => O | Promise<O>>;
export function task<I = NoInput, O = void, R extends TriggerRule = "all_success", X = AnyXComs>(
  id: string,
  options: TaskOptions<R, X>,
  fn: (input: I, ctx: Context<X>) => Answer<O>,
): TaskDef<I, Awaited<O>, R, X>;
export function task(id: string, optionsOrFn: unknown, fn?: unknown): unknown {
  assertKey({}, "task id", id);
  const callable = typeof optionsOrFn === "function" ? optionsOrFn : fn;
  if (typeof callable !== "function") {
    throw invalidDag({ taskId: id }, `it has no function; write task("${id}", async (input, ctx) => { ... })`);
  }
  const options = typeof optionsOrFn === "function" ? {} : (optionsOrFn as GivenOptions);
  return taskDef({ id, options, fn: callable as TaskFunction, what: "task", operatorName: "PythonOperator" });
}

type TaskFunction = (...args: never[]) => unknown;
type Input = Readonly<Record<string, unknown>>;

/** What makes a definition; sensors share it. */
export interface Definition extends Pick<Placement, "id" | "what" | "operatorName" | "options"> {
  readonly fn: TaskFunction;
  readonly sensor?: SensorSpec;
}

/** The loose run-time shape behind {@link TaskDef}. */
export function taskDef(definition: Definition): object {
  const { fn, ...rest } = definition;
  const placement: Placement = { ...rest, execute: () => executeOf(definition) };
  const place = (more: Partial<Placement>): unknown => taskRef(placeTask({ ...placement, ...more }));
  const expand = (fixed: Input) => (over: Input, more?: Input) =>
    place({ input: { ...fixed, ...more }, over: { product: over } });
  const expandKwargs = (fixed: Input) => (kwargs: unknown) => place({ input: fixed, over: { kwargs } });
  const define = (input?: Input): unknown => place({ input });
  return Object.assign(define, {
    id: definition.id,
    fn,
    with: ({ id, ...options }: GivenOptions & { readonly id?: string }) =>
      taskDef({ ...definition, id: id ?? definition.id, options: { ...definition.options, ...options } }),
    expand: expand({}),
    expandKwargs: expandKwargs({}),
    partial: (fixed: Input) => ({ expand: expand(fixed), expandKwargs: expandKwargs(fixed) }),
  });
}

/** `fn(input, ctx)`, with `opArgs` `fn(...opArgs, [input,] ctx)`. */
function executeOf({ fn, options }: Definition): TaskHandler["execute"] {
  const call = fn as (...args: unknown[]) => unknown;
  if (options.opArgs === undefined) return (input, context) => call(input, context);
  return ({ opArgs, ...input }, context) => {
    const positional: readonly unknown[] = Array.isArray(opArgs) ? opArgs : [];
    return Object.keys(input).length === 0 ? call(...positional, context) : call(...positional, input, context);
  };
}
