/**
 * @module Builds the context of an attempt or a callback: Airflow's template context under the names of `dag/context.ts`. Dates are the run's, never "now".
 */
import type {
  DagContext,
  DagRunContext,
  RunContext,
  TaskInstanceContext,
  TaskLog as AuthorLog,
} from "../dag/context.ts";
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { Env } from "../dag/register.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { assetReads } from "./asset-events.ts";
import { formatPrinted } from "./console-capture.ts";
import { connectionGetter, hookMaker, variablesOf } from "./lookups.ts";
import type { OpenHooks } from "./open-hooks.ts";
import type { RuntimePorts } from "./ports.ts";
import type { SecretMasker } from "./secret-masker.ts";
import type { StatsCollector } from "./stats.ts";
import type { LogLevel, TaskLog } from "./task-log.ts";

/** What every context is made from. */
export interface ContextScope {
  readonly head: DagRunHead;
  readonly dag: ExecutableDag;
  readonly ports: Pick<RuntimePorts, "variables" | "connections" | "variableDefaults" | "env" | "assets">;
  readonly masker: SecretMasker;
  /** Where the hooks go that `ctx.hook` makes. */
  readonly hooks: OpenHooks;
  readonly log: TaskLog;
  readonly stats: StatsCollector;
}

/** The part of a context that tasks and runs share. Plain fields, so that authors may take it apart or spread it. */
export function runContext(scope: ContextScope): RunContext {
  const { head, ports } = scope;
  const logicalDate = new Date(head.logicalDate ?? head.runAfter);
  const connection = connectionGetter(ports, scope.masker);
  // The bindings' type is the author's, declared in Register; the port only carries them.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  const env = ports.env as Env;
  return {
    env,
    log: authorLog(scope.log),
    stats: scope.stats,
    dag: dagContext(scope.dag),
    dagRun: dagRunContext(head),
    runId: head.runId,
    // Mates of the batch share the head: each attempt gets its own copy.
    params: structuredClone(head.params),
    logicalDate,
    executionDate: logicalDate,
    dataInterval: {
      start: new Date(head.dataIntervalStart ?? logicalDate),
      end: new Date(head.dataIntervalEnd ?? logicalDate),
    },
    ...dateTexts(logicalDate),
    variables: variablesOf(ports, scope.masker),
    ...assetReads(head, ports.assets),
    connections: { get: connection },
    hook: hookMaker(connection, env, scope.hooks),
  };
}

/** Airflow's `ds`, `ds_nodash`, `ts`, `ts_nodash` of a date: `2026-01-31`, `20260131`, `2026-01-31T02:00:00+00:00`, `20260131T020000`. */
export function dateTexts(date: Date): DateTexts {
  const at = date.getTime();
  if (lastTexts?.at !== at) lastTexts = { at, texts: newTexts(date) };
  return lastTexts.texts;
}

interface DateTexts {
  readonly ds: string;
  readonly dsNodash: string;
  readonly ts: string;
  readonly tsNodash: string;
}

/** All attempts of a run have the same. */
let lastTexts: { readonly at: number; readonly texts: DateTexts } | null = null;

function newTexts(date: Date): DateTexts {
  const iso = date.toISOString();
  const ds = iso.slice(0, -14);
  const seconds = iso.slice(0, -5);
  const millis = iso.slice(-4, -1);
  return {
    ds,
    dsNodash: ds.replaceAll("-", ""),
    // As Python writes it: microseconds, and only when there are any.
    ts: `${seconds}${millis === "000" ? "" : `.${millis}000`}+00:00`,
    tsNodash: seconds.replaceAll(/[-:]/g, ""),
  };
}

/** What identifies the task instance; `pull` and `push` move its XComs. */
export function taskInstanceContext(
  head: DagRunHead,
  instance: {
    readonly taskId: string;
    readonly mapIndex: number;
    readonly tryNumber: number;
    readonly maxTries: number;
    readonly startedAt: number;
  },
  xcoms: Pick<TaskInstanceContext, "xcomPush" | "xcomPull">,
): TaskInstanceContext {
  const { taskId, mapIndex, tryNumber, maxTries } = instance;
  return {
    taskId,
    id: taskId,
    dagId: head.dagId,
    runId: head.runId,
    mapIndex,
    tryNumber,
    maxTries,
    startDate: new Date(instance.startedAt),
    idempotencyKey: `${head.runId}/${taskId}/${mapIndex}`,
    ...xcoms,
  };
}

function authorLog(log: TaskLog): AuthorLog {
  const at =
    (level: LogLevel) =>
    (message: unknown, fields?: object): void =>
      log.write(level, formatPrinted([message]), "task", fields);
  return { debug: at("debug"), info: at("info"), warn: at("warning"), error: at("error") };
}

function dagContext({ spec }: ExecutableDag): DagContext {
  return { dagId: spec.dagId, id: spec.dagId, description: spec.description, tags: spec.tags };
}

function dagRunContext(head: DagRunHead): DagRunContext {
  return {
    dagId: head.dagId,
    runId: head.runId,
    runType: head.runType,
    triggeredBy: head.triggeredBy,
    conf: structuredClone(head.conf),
    logicalDate: dateOrNull(head.logicalDate),
    dataInterval: { start: dateOrNull(head.dataIntervalStart), end: dateOrNull(head.dataIntervalEnd) },
    runAfter: new Date(head.runAfter),
    queuedAt: new Date(head.queuedAt),
    startDate: dateOrNull(head.startedAt),
    note: head.note,
  };
}

function dateOrNull(at: number | null): Date | null {
  return at === null ? null : new Date(at);
}
