/**
 * @module The context an author's function receives as second argument. Airflow's names in camelCase; `runtime/context.ts` makes it.
 */
import type { ConnectionId, Env, VariableName, VariableValue } from "./register.ts";
import type { DagRunTriggeredBy, DagRunType, RunEndReason } from "../model/dag-run.ts";
import type { Asset } from "./asset.ts";
import type { AssetEventSource } from "../model/asset.ts";
import type { TaskSpec } from "../model/task-spec.ts";

/** Keys and types of the XComs that a task pushes beside its result, when it does not declare them (`xcom: typed<...>()`). */
export type AnyXComs = Readonly<Record<string, unknown>>;

/** Lines go to the task's log with time and level; `fields` are kept beside the message. */
export interface TaskLog {
  debug(message: string, fields?: object): void;
  info(message: string, fields?: object): void;
  warn(message: string, fields?: object): void;
  error(message: string, fields?: object): void;
}

export interface StatOptions {
  readonly tags?: Readonly<Record<string, string>>;
}

/** Custom metrics. Names: letters, digits, `_ . - /`; the prefix `airflow` is added on export. */
export interface Stats {
  /** `rate` in (0, 1]: the share of calls that is counted. */
  incr(name: string, count?: number, options?: StatOptions & { readonly rate?: number }): void;
  decr(name: string, count?: number, options?: StatOptions & { readonly rate?: number }): void;
  /** With `delta` the value is added to the gauge instead of replacing it. */
  gauge(name: string, value: number, options?: StatOptions & { readonly delta?: boolean }): void;
  timing(name: string, seconds: number, options?: StatOptions): void;
  /** Times `fn`, also when it throws; answers what `fn` answers. */
  timer<T>(name: string, fn: () => T, options?: StatOptions): T;
}

/** A connection with its secrets. Fields are Airflow's. */
export interface ConnectionInfo {
  readonly id: string;
  readonly connType: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  readonly schema: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly uri: string;
}

/** A class that `ctx.hook` can make: it receives the whole connection and the bindings. */
export interface HookClass<H> {
  new (connection: ConnectionInfo, env: Env): H;
}

/** Airflow variables. A missing one without `default` is an error (`variable_not_found`) that names those that exist. */
export interface Variables {
  /**
   * `default` is answered when the store has no such variable, and is not stored. `json` parses the text; it is implied when the config declares the variable
   * with a default that is no string.
   */
  get<N extends VariableName, D = never>(
    name: N,
    options?: { readonly default?: D; readonly json?: boolean },
  ): Promise<VariableValue<N> | D>;
}

/** Connections by id. A missing one is an error (`connection_not_found`). */
export interface Connections {
  get(id: ConnectionId): Promise<ConnectionInfo>;
}

export interface XComPullOptions {
  /** One id or a list (the answer is then a list in that order). Default: the own task. */
  readonly taskIds?: string | readonly string[];
  /** Default `return_value`. */
  readonly key?: string;
  readonly mapIndexes?: number | readonly number[];
  /** Answered for a missing value; else `undefined`. */
  readonly default?: unknown;
}

/** The task instance at hand. */
export interface TaskInstanceContext<X = AnyXComs> {
  readonly taskId: string;
  /** Same as `taskId`. */
  readonly id: string;
  readonly dagId: string;
  readonly runId: string;
  /** -1 when the task is not mapped. */
  readonly mapIndex: number;
  /** From 1. */
  readonly tryNumber: number;
  /** Tries granted: `retries + 1`, more after a clear. */
  readonly maxTries: number;
  readonly startDate: Date;
  /** Same for every attempt of this task instance, unlike for any other: for upserts and idempotency headers. */
  readonly idempotencyKey: string;
  /** Visible to others when the attempt is reported; cleared when a new try starts. */
  xcomPush<K extends keyof X & string>(key: K, value: X[K]): Promise<void>;
  /** Of the current run only. Missing = `undefined`. Of a mapped upstream: the list of its values. */
  xcomPull<T = unknown>(taskId?: string | readonly string[], key?: string): Promise<T>;
  xcomPull<T = unknown>(options: XComPullOptions): Promise<T>;
}

export interface DagContext {
  readonly dagId: string;
  /** Same as `dagId`. */
  readonly id: string;
  readonly description: string | null;
  readonly tags: readonly string[];
}

/** The run as it is stored: its dates may be null (a manual run without a logical date). */
export interface DagRunContext {
  readonly dagId: string;
  readonly runId: string;
  readonly runType: DagRunType;
  readonly triggeredBy: DagRunTriggeredBy;
  /** As the caller gave it, undeclared keys too. */
  readonly conf: Readonly<Record<string, unknown>>;
  readonly logicalDate: Date | null;
  readonly dataInterval: { readonly start: Date | null; readonly end: Date | null };
  readonly runAfter: Date;
  readonly queuedAt: Date;
  readonly startDate: Date | null;
  readonly note: string | null;
}

/** An update of an asset that was before. */
export interface AssetEventView {
  readonly uri: string;
  readonly timestamp: Date;
  readonly extra: Readonly<Record<string, unknown>>;
  /** The task instance that made it; null: a call of the API. */
  readonly source: AssetEventSource | null;
}

/** The update that a success of this task will be. */
export interface OutletEvent {
  /** A JSON object of up to 16 kB. */
  extra: Readonly<Record<string, unknown>>;
}

/** What every context holds, of a task or of a whole run. */
export interface RunContext {
  /** Bindings of the Worker. */
  readonly env: Env;
  readonly log: TaskLog;
  readonly stats: Stats;
  readonly dag: DagContext;
  readonly dagRun: DagRunContext;
  readonly runId: string;
  /** Declared params with the conf's values over their defaults, and undeclared conf keys. */
  readonly params: Readonly<Record<string, unknown>>;
  /** The run's logical date, else its `runAfter`: always a date, never "now". */
  readonly logicalDate: Date;
  /** Same as `logicalDate` (Airflow 2's word). */
  readonly executionDate: Date;
  /** The run's data interval, else `logicalDate` twice. */
  readonly dataInterval: { readonly start: Date; readonly end: Date };
  /** `logicalDate` as `2026-01-31`, `20260131`, and as ISO text with and without separators. UTC. */
  readonly ds: string;
  readonly dsNodash: string;
  readonly ts: string;
  readonly tsNodash: string;
  readonly variables: Variables;
  readonly connections: Connections;
  /** The newest events of an asset, oldest first, at most 100. */
  inletEvents(asset: Pick<Asset, "uri">): Promise<readonly AssetEventView[]>;
  /** The events that made this run, by URI, oldest first, at most 100; none when something else made it. */
  triggeringAssetEvents(): Promise<Readonly<Record<string, readonly AssetEventView[]>>>;
  /** A hook over a connection: `await ctx.hook(PostgresHook, "postgres_default")`. */
  hook<H>(hookClass: HookClass<H>, connectionId: ConnectionId): Promise<H>;
}

/**
 * Second argument of a task's function.
 * @example
 * const load = task("load", async ({ rows }: { rows: number }, ctx) => {
 *   ctx.log.info(`try ${ctx.ti.tryNumber}: ${rows} rows for ${ctx.logicalDate.toISOString()}`);
 * });
 */
export interface Context<X = AnyXComs> extends RunContext {
  readonly ti: TaskInstanceContext<X>;
  /** Same as `ti`. */
  readonly taskInstance: TaskInstanceContext<X>;
  /** The task as it is deployed. */
  readonly task: TaskSpec;
  /**
   * What this task says about its update of an outlet: `ctx.outletEvents(customers).extra = { rows: 3 }`. Told with the success only. Throws for an asset
   * that is no outlet of the task.
   */
  outletEvents(asset: Pick<Asset, "uri">): OutletEvent;
  /** Set when the task goes on after a `TaskDeferred`: the values it left for itself, and what its trigger brought. */
  readonly resumed?: Resumed;
  /** Fires when the attempt must stop: time-out, cancel, or another attempt took over. */
  readonly signal: AbortSignal;
  /**
   * Runs `fn` once per task instance over all attempts and answers its stored result from then on. A crash between the end of `fn` and the storing runs it again.
   */
  once<T>(key: string, fn: () => T | Promise<T>): Promise<T>;
}

export interface Resumed {
  readonly kwargs: Readonly<Record<string, unknown>>;
  /** A time trigger brings the time as a `Date`, the others an object with `status`. */
  readonly event: unknown;
}

/** Argument of a task's callback. */
export interface CallbackContext<X = AnyXComs> extends Context<X> {
  /** What the attempt threw; undefined after a success. */
  readonly exception?: Error;
  readonly reason?: string;
  /** Names the event, the same when it is told again: to tell others only once. None in `onExecuteCallback`. */
  readonly eventId?: string;
}

/** Argument of a DAG's callback: there is no task instance. */
export interface DagCallbackContext extends RunContext {
  readonly ti: undefined;
  readonly taskInstance: undefined;
  readonly exception?: Error;
  readonly reason: RunEndReason;
  /** Names the event, the same when it is told again. */
  readonly eventId: string;
}
