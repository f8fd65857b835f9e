/**
 * @module `testContext`: a plain context object for testing a task's function alone.
 */
import type {
  AnyXComs,
  ConnectionInfo,
  Context,
  DagRunContext,
  OutletEvent,
  TaskInstanceContext,
  TaskLog,
  Variables,
  XComPullOptions,
} from "../dag/context.ts";
import type { Env } from "../dag/register.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { AirflareError } from "../model/error.ts";
import { RETURN_KEY } from "../model/xcom.ts";
import { connectionOf } from "./memory-ports.ts";

/** What a test may say about the context; the rest has plain values. */
export interface TestContextOptions<X = AnyXComs> extends Partial<
  Omit<
    Context<X>,
    | "ti"
    | "taskInstance"
    | "task"
    | "dagRun"
    | "variables"
    | "connections"
    | "hook"
    | "executionDate"
    | "ds"
    | "dsNodash"
    | "ts"
    | "tsNodash"
  >
> {
  readonly ti?: Partial<TaskInstanceContext<X>>;
  readonly task?: Partial<TaskSpec>;
  readonly dagRun?: Partial<DagRunContext>;
  /** Values by name. */
  readonly variables?: Readonly<Record<string, unknown>>;
  readonly connections?: Readonly<Record<string, Partial<ConnectionInfo>>>;
  /** What `xcomPull` finds: returned values by task id, other keys as `task_id/key`. */
  readonly xcoms?: Readonly<Record<string, unknown>>;
}

const LOCAL: object = { AIRFLARE_LOCAL: "1" };
const LOGICAL_DATE = new Date("2026-01-01T00:00:00Z");

/**
 * A context for a function under test. `xcomPush` writes where `xcomPull` reads; the log goes to the console.
 * @example
 * const result = await extract.fn({ region: "eu" }, testContext({ params: { limit: 5 }, variables: { db_host: "localhost" } }));
 */
export function testContext<X = AnyXComs>(options: TestContextOptions<X> = {}): Context<X> {
  const { ti: ownTi, task, dagRun, variables = {}, connections = {}, xcoms = {}, ...own } = options;
  const logicalDate = own.logicalDate ?? dagRun?.logicalDate ?? LOGICAL_DATE;
  const params = own.params ?? {};
  const runId = own.runId ?? dagRun?.runId ?? "test";
  const dagId = dagRun?.dagId ?? own.dag?.dagId ?? "test";
  const ti = testTaskInstance<X>({ dagId, runId }, { ...xcoms }, ownTi);
  // Any host may be called, as in a local start. A test that needs bindings gives them.
  const env = own.env ?? (LOCAL as Env);
  const connection = connectionGetter(connections);
  const dataInterval = own.dataInterval ?? { start: logicalDate, end: logicalDate };
  return {
    env,
    log: CONSOLE_LOG,
    stats: { incr: ignore, decr: ignore, gauge: ignore, timing: ignore, timer: (_name, fn) => fn() },
    dag: { dagId, id: dagId, description: null, tags: [] },
    dagRun: testDagRun(
      {
        dagId,
        runId,
        conf: params,
        logicalDate,
        dataInterval,
        runAfter: logicalDate,
        queuedAt: logicalDate,
        startDate: logicalDate,
      },
      dagRun,
    ),
    runId,
    params,
    logicalDate,
    executionDate: logicalDate,
    dataInterval,
    ...dateTexts(logicalDate),
    variables: { get: variableGetter(variables) },
    connections: { get: connection },
    hook: async (hookClass, id) => new hookClass(await connection(id), env),
    ti,
    taskInstance: ti,
    // The few who look at the spec give what they look at.
    task: { taskId: ti.taskId, ...task } as TaskSpec,
    inletEvents: async () => [],
    triggeringAssetEvents: async () => ({}),
    outletEvents: outletEvents(),
    signal: new AbortController().signal,
    once: async (_key, fn) => fn(),
    ...own,
  };
}

function ignore(): void {}

/** Each outlet has one event, which a test may look at afterwards. */
function outletEvents(): Context["outletEvents"] {
  const events = new Map<string, OutletEvent>();
  return ({ uri }) => {
    const event = events.get(uri) ?? { extra: {} };
    events.set(uri, event);
    return event;
  };
}

const CONSOLE_LOG: TaskLog = {
  debug: (...line) => console.debug(...line),
  info: (...line) => console.info(...line),
  warn: (...line) => console.warn(...line),
  error: (...line) => console.error(...line),
};

function testDagRun(
  base: Pick<
    DagRunContext,
    "dagId" | "runId" | "conf" | "logicalDate" | "dataInterval" | "runAfter" | "queuedAt" | "startDate"
  >,
  own: Partial<DagRunContext> = {},
): DagRunContext {
  return { runType: "manual", triggeredBy: "test", note: null, ...base, ...own };
}

function testTaskInstance<X>(
  ids: { readonly dagId: string; readonly runId: string },
  values: Record<string, unknown>,
  own: Partial<TaskInstanceContext<X>> = {},
): TaskInstanceContext<X> {
  const taskId = own.taskId ?? own.id ?? "test";
  const nameOf = (id: string, key: string): string => (key === RETURN_KEY ? id : `${id}/${key}`);
  const pull = async (
    wanted?: string | readonly string[] | XComPullOptions,
    key: string = RETURN_KEY,
  ): Promise<unknown> => {
    const isIds = typeof wanted === "string" || wanted === undefined || Array.isArray(wanted);
    const options: XComPullOptions = isIds
      ? { ...(wanted === undefined ? {} : { taskIds: wanted }), key }
      : (wanted as XComPullOptions);
    const one = (id: string): unknown => values[nameOf(id, options.key ?? RETURN_KEY)] ?? options.default;
    const { taskIds = taskId } = options;
    return typeof taskIds === "string" ? one(taskIds) : taskIds.map(one);
  };
  return {
    taskId,
    id: taskId,
    ...ids,
    mapIndex: -1,
    tryNumber: 1,
    maxTries: 1,
    startDate: LOGICAL_DATE,
    idempotencyKey: `${ids.dagId}/${ids.runId}/${taskId}/-1`,
    xcomPush: async (key, value) => {
      values[nameOf(taskId, key)] = value;
    },
    // The caller says which type it expects.
    xcomPull: pull,
    ...own,
  };
}

function dateTexts(date: Date): Pick<Context, "ds" | "dsNodash" | "ts" | "tsNodash"> {
  const ds = date.toISOString().slice(0, 10);
  const time = date.toISOString().slice(11, 19);
  const dsNodash = ds.replaceAll("-", "");
  return { ds, dsNodash, ts: `${ds}T${time}+00:00`, tsNodash: `${dsNodash}T${time.replaceAll(":", "")}` };
}

function variableGetter(values: Readonly<Record<string, unknown>>): Variables["get"] {
  const get = async (name: string, options: { readonly default?: unknown } = {}): Promise<unknown> => {
    if (Object.hasOwn(values, name)) return values[name];
    if ("default" in options) return options.default;
    throw new AirflareError(
      "variable_not_found",
      `testContext has no variable "${name}"; give testContext({ variables: { ${name}: ... } })`,
    );
  };
  return get as Variables["get"];
}

function connectionGetter(
  given: Readonly<Record<string, Partial<ConnectionInfo>>>,
): (id: string) => Promise<ConnectionInfo> {
  return async (id) => {
    const fields = given[id];
    if (fields !== undefined) return connectionOf(id, fields);
    throw new AirflareError(
      "connection_not_found",
      `testContext has no connection "${id}"; give testContext({ connections: { ${id}: { ... } } })`,
    );
  };
}
