/**
 * @module The names that templates know: Airflow's template context, over the context of the attempt.
 */
import type { ConnectionInfo, Context } from "../context.ts";
import type { ConnectionId, VariableName } from "../register.ts";
import type { Names } from "./evaluate.ts";
import { dateText, dsAdd, strftime, strptime, timeSpan } from "./date-value.ts";
import { Callable, Namespace, namespace } from "./values.ts";

type Entry = (context: Context) => unknown;

const DAY_MS = 86_400_000;
const dayAround =
  (days: number, form: "ds" | "ds_nodash"): Entry =>
  ({ logicalDate }) =>
    dateText(new Date(logicalDate.getTime() + days * DAY_MS), form);

const TASK_INSTANCE: Readonly<Record<string, Entry>> = {
  task_id: ({ ti }) => ti.taskId,
  dag_id: ({ ti }) => ti.dagId,
  run_id: ({ ti }) => ti.runId,
  map_index: ({ ti }) => ti.mapIndex,
  try_number: ({ ti }) => ti.tryNumber,
  max_tries: ({ ti }) => ti.maxTries - 1,
  start_date: ({ ti }) => ti.startDate,
  xcom_pull: ({ ti }) =>
    new Callable(([first, second], { task_ids = first, key = second, map_indexes, default: otherwise = null }) =>
      ti.xcomPull({
        ...(task_ids === undefined || task_ids === null ? {} : { taskIds: task_ids as string | readonly string[] }),
        ...(typeof key === "string" ? { key } : {}),
        ...(map_indexes === undefined ? {} : { mapIndexes: map_indexes as number | readonly number[] }),
        default: otherwise,
      }),
    ),
};
const DAG: Readonly<Record<string, Entry>> = {
  dag_id: ({ dag }) => dag.dagId,
  description: ({ dag }) => dag.description,
  tags: ({ dag }) => dag.tags,
};
const DAG_RUN: Readonly<Record<string, Entry>> = {
  dag_id: ({ dagRun }) => dagRun.dagId,
  run_id: ({ dagRun }) => dagRun.runId,
  run_type: ({ dagRun }) => dagRun.runType,
  conf: ({ dagRun }) => dagRun.conf,
  logical_date: ({ dagRun }) => dagRun.logicalDate,
  execution_date: ({ dagRun }) => dagRun.logicalDate,
  data_interval_start: ({ dagRun }) => dagRun.dataInterval.start,
  data_interval_end: ({ dagRun }) => dagRun.dataInterval.end,
  run_after: ({ dagRun }) => dagRun.runAfter,
  queued_at: ({ dagRun }) => dagRun.queuedAt,
  start_date: ({ dagRun }) => dagRun.startDate,
  note: ({ dagRun }) => dagRun.note,
};
const TASK: Readonly<Record<string, Entry>> = {
  task_id: ({ task }) => task.taskId,
  owner: ({ task }) => task.owner,
  retries: ({ task }) => task.retries,
  pool: ({ task }) => task.pool,
  queue: ({ task }) => task.queue,
};
const MACROS: Readonly<Record<string, Entry>> = {
  ds_add: () => new Callable(([ds, days]) => dsAdd(String(ds), Number(days))),
  ds_format: () => new Callable(([ds, from, to]) => strftime(strptime(String(ds), String(from)), String(to))),
  timedelta: () => new Callable(([days], units) => timeSpan(days === undefined ? units : { days, ...units })),
  datetime: () =>
    new Callable(
      ([year, month, day, hour = 0, minute = 0, second = 0]) =>
        new Date(Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second))),
    ),
};

/** Names with fixed attributes: a misspelt one is found when the DAG loads. */
export const ATTRIBUTES: Readonly<Record<string, Readonly<Record<string, Entry>>>> = {
  ti: TASK_INSTANCE,
  task_instance: TASK_INSTANCE,
  dag: DAG,
  dag_run: DAG_RUN,
  task: TASK,
  macros: MACROS,
};

const VALUES: Readonly<Record<string, Entry>> = {
  ds: ({ ds }) => ds,
  ds_nodash: ({ dsNodash }) => dsNodash,
  ts: ({ ts }) => ts,
  ts_nodash: ({ tsNodash }) => tsNodash,
  ts_nodash_with_tz: ({ logicalDate }) => dateText(logicalDate, "ts_nodash_with_tz"),
  yesterday_ds: dayAround(-1, "ds"),
  yesterday_ds_nodash: dayAround(-1, "ds_nodash"),
  tomorrow_ds: dayAround(1, "ds"),
  tomorrow_ds_nodash: dayAround(1, "ds_nodash"),
  logical_date: ({ logicalDate }) => logicalDate,
  execution_date: ({ logicalDate }) => logicalDate,
  data_interval_start: ({ dataInterval }) => dataInterval.start,
  data_interval_end: ({ dataInterval }) => dataInterval.end,
  run_id: ({ runId }) => runId,
  params: ({ params }) => params,
  task_instance_key_str: ({ ti, dsNodash }) => `${ti.dagId}__${ti.taskId}__${dsNodash}`,
  map_index: ({ ti }) => ti.mapIndex,
  var: (context) => namespace({ value: () => variables(context, false), json: () => variables(context, true) }),
  conn: ({ connections }) =>
    // The id comes from a text: whether it exists is seen when it is looked up.
    new Namespace(async (id) => connectionNamespace(await connections.get(id as ConnectionId))),
};

export const KNOWN_NAMES: readonly string[] = [...Object.keys(VALUES), ...Object.keys(ATTRIBUTES)];

/** Names over the context of one attempt. */
export function namesOf(context: Context): Names {
  return (name) => {
    const value = Object.hasOwn(VALUES, name) ? VALUES[name] : undefined;
    if (value !== undefined) return value(context);
    const attributes = Object.hasOwn(ATTRIBUTES, name) ? ATTRIBUTES[name] : undefined;
    return attributes === undefined ? undefined : withContext(attributes, context);
  };
}

function withContext(entries: Readonly<Record<string, Entry>>, context: Context): Namespace {
  return namespace(Object.fromEntries(Object.entries(entries).map(([name, entry]) => [name, () => entry(context)])));
}

/** `var.value.name` and `var.value.get("name", default)`. */
function variables({ variables: store }: Context, json: boolean): Namespace {
  const read = async (name: string, options: object): Promise<unknown> =>
    // As with connections: the name comes from a text.
    store.get(name as VariableName, { ...options, ...(json ? { json } : {}) });
  return new Namespace((name) =>
    name === "get"
      ? new Callable(([key, otherwise], { default_var = otherwise }) =>
          read(String(key), default_var === undefined ? {} : { default: default_var }),
        )
      : read(name, {}),
  );
}

function connectionNamespace(connection: ConnectionInfo): Namespace {
  return namespace({
    conn_id: () => connection.id,
    conn_type: () => connection.connType,
    host: () => connection.host,
    port: () => connection.port,
    login: () => connection.login,
    password: () => connection.password,
    schema: () => connection.schema,
    extra: () => JSON.stringify(connection.extra),
    extra_dejson: () => connection.extra,
    get_uri: () => new Callable(() => connection.uri),
  });
}
