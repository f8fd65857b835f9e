/**
 * @module Runs one attempt of one task: input, context, the author's function, time limit, outcome. Whatever happens the answer is a report; nothing is thrown.
 */
import type { Context } from "../dag/context.ts";
import { AirflowSensorTimeout } from "../dag/exceptions.ts";
import type { ExecutableDag, TaskHandler } from "../dag/executable-dag.ts";
import type { Lookups } from "../dag/lookups.ts";
import { type Outside, withOutside } from "../dag/outside.ts";
import { specHash } from "../dag/serialize.ts";
import { decode, encode } from "../lib/codec.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import { AirflareError } from "../model/error.ts";
import type { AttemptOutcome, AttemptReport } from "../model/outcome.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { evaluateInput } from "./args.ts";
import { OutletEvents } from "./asset-events.ts";
import { runCallbacks } from "./callbacks.ts";
import { withConsoleCaptured } from "./console-capture.ts";
import { runContext, taskInstanceContext } from "./context.ts";
import { deferredOutcome, kwargsOf, lookAtTrigger } from "./deferral.ts";
import { returnedOutcome, thrownOutcome } from "./outcome.ts";
import { firstPokedAt, pokeAnswered, type PokeResult, type PokeScope, pokeThrew, timeoutAt } from "./poke.ts";
import { lookupsOf } from "./lookups.ts";
import { OpenHooks } from "./open-hooks.ts";
import type { Metric, RuntimePorts } from "./ports.ts";
import { openedDeferral, sealedDeferral } from "./sealed-deferral.ts";
import { SealedValues } from "./sealed-values.ts";
import type { SecretMasker } from "./secret-masker.ts";
import { messageOf, signalCode, stackText } from "./signal.ts";
import { taskOf } from "./spec-index.ts";
import { StatsCollector } from "./stats.ts";
import { TaskLog } from "./task-log.ts";
import { type Deadlines, limitTime } from "./timeout.ts";
import { xcomPuller } from "./xcom-pull.ts";
import { XComWriter } from "./xcom-writer.ts";
import type { XComReader } from "./xcoms.ts";

/** Most UTF-16 units of a result that `ctx.once` stores; the run's object keeps it in one row. */
const ONCE_LENGTH_MAX = 512 * 1024;

/** What the attempts of one driver and batch share. */
export interface AttemptScope {
  readonly head: DagRunHead;
  readonly dag: ExecutableDag;
  readonly ports: RuntimePorts;
  readonly masker: SecretMasker;
  readonly deadlines: Deadlines;
  readonly xcoms: XComReader;
}

/** An attempt under way. */
export interface RunningAttempt {
  readonly order: AttemptOrder;
  readonly log: TaskLog;
  /** Fires `ctx.signal`; the report then only says that the attempt was stopped. */
  readonly abort: AbortController;
  readonly report: Promise<AttemptReport>;
}

/** Starts an attempt. Its code runs from the next microtask on. */
export function startAttempt(order: AttemptOrder, scope: AttemptScope): RunningAttempt {
  const log = new TaskLog(scope.ports.now, scope.masker);
  const abort = new AbortController();
  return { order, log, abort, report: executeAttempt({ order, scope, log, abort }) };
}

const EMPTY: TaskHandler = { execute: () => undefined, callbacks: {} };

interface Attempt {
  readonly order: AttemptOrder;
  readonly scope: AttemptScope;
  readonly log: TaskLog;
  readonly abort: AbortController;
}

async function executeAttempt(attempt: Attempt): Promise<AttemptReport> {
  const { order, scope, log, abort } = attempt;
  const { now, metrics } = scope.ports;
  const startedAt = now();
  const xcoms = new XComWriter(scope.head, order, scope.ports.objects, sealedValues(scope));
  const warn = (message: string): void => log.write("warning", message, "airflare");
  const stats = new StatsCollector(now, warn);
  const hooks = new OpenHooks();
  let outcome: AttemptOutcome;
  try {
    const outlets = new OutletEvents({
      taskId: order.taskId,
      outlets: taskOf(scope.dag.spec, order.taskId)?.outlets ?? [],
    });
    const lookups = (): Lookups => lookupsOf(scope.ports, scope.masker);
    const work = withConsoleCaptured(log, lookups, async () =>
      outlets.attach(await runTask({ ...attempt, xcoms, stats, hooks, startedAt, outlets })),
    );
    const what = `Task ${order.taskId} of run ${scope.head.runId} (try ${order.tryNumber})`;
    outcome = await limitTime(work, { ms: order.executionTimeoutMs, deadlines: scope.deadlines, abort, what });
  } catch (thrown) {
    outcome = await failureOutcome(thrown, { ...attempt, xcoms, startedAt });
  }
  xcoms.close();
  await hooks.close(scope.ports.sleep, warn);
  log.close();
  handOver(stats, metrics, scope.masker);
  const text = log.drain();
  return { token: order.token, outcome, startedAt, endedAt: now(), ...(text === "" ? {} : { log: text }) };
}

/** A metrics port that breaks its promise not to throw must not cost the attempt its report. */
function handOver({ metrics }: StatsCollector, port: RuntimePorts["metrics"], masker: SecretMasker): void {
  if (metrics.length === 0) return;
  try {
    port(metrics.map((metric) => masked(metric, masker)));
  } catch (error) {
    console.error(`Metrics of an attempt were lost: ${messageOf(error)}`);
  }
}

/** Names and tags are shown wherever metrics go. */
function masked(metric: Metric, { mask }: SecretMasker): Metric {
  const tags = Object.entries(metric.tags).map(([tag, value]) => [mask(tag), mask(value)]);
  return { ...metric, name: mask(metric.name), tags: Object.fromEntries(tags) };
}

interface TaskWork extends Attempt {
  readonly xcoms: XComWriter;
  readonly stats: StatsCollector;
  readonly hooks: OpenHooks;
  readonly startedAt: number;
  readonly outlets: OutletEvents;
}

async function runTask(work: TaskWork): Promise<AttemptOutcome> {
  const { order, scope, xcoms } = work;
  // An empty task is dispatched only for its callbacks or outlets: it needs no code of its own.
  const handler = scope.dag.handlers.get(order.taskId) ?? (order.kind === "empty" ? EMPTY : undefined);
  const task = taskOf(scope.dag.spec, order.taskId);
  if (handler === undefined || task === undefined) throw handlerMissing(order, scope);
  const context = withOutside(taskContext(work, task), outsideFor(work));
  const { deferral } = order;
  if (deferral !== undefined) {
    const opened = await openedDeferral(deferral, sealedValues(scope));
    const look = await lookAtTrigger(opened, context);
    if (look.kind === "waiting") return { kind: "deferred", at: look.at, deferral };
    Object.assign(context, { resumed: { kwargs: kwargsOf(opened), event: look.event } });
  }
  const input = await evaluateInput({ head: scope.head, order, dag: scope.dag, xcoms: scope.xcoms });
  // A sensor's pokes, and a task that was deferred, are one execution to its author.
  if (deferral === undefined && (order.sensor === null || order.sensor.pokes === 0))
    await runCallbacks(handler.callbacks.execute, context, work.log);
  if (deferral?.method !== undefined && deferral.method !== null)
    return returnedOutcome(order, await resumed(handler, deferral.method, order)(input, context), xcoms);
  if (order.sensor === null) return returnedOutcome(order, await handler.execute(input, context), xcoms);
  const poked = await poke(handler, input, context, pokeScope(work, order.sensor), work);
  if (poked.kind === "done") return returnedOutcome(order, poked.value, xcoms);
  return { kind: "reschedule", at: poked.at, ...(xcoms.writes.length === 0 ? {} : { xcoms: xcoms.writes }) };
}

/** The function that a deferral named; the deployed code may have lost it. */
function resumed(handler: TaskHandler, method: string, { taskId }: AttemptOrder): TaskHandler["execute"] {
  const execute = handler.resume?.[method];
  if (execute !== undefined) return execute;
  const known = Object.keys(handler.resume ?? {});
  throw new AirflareError(
    "handler_missing",
    `Task ${taskId} was deferred to go on with "${method}", which is not among its resume functions (${known.length === 0 ? "it has none" : known.join(", ")}).`,
  );
}

function outsideFor({ order, scope, startedAt }: TaskWork): Outside {
  const { head, ports } = scope;
  const waiter = { dagId: head.dagId, runId: head.runId, taskId: order.taskId, mapIndex: order.mapIndex };
  const sensor = order.sensor === null ? null : pokeScope({ order, scope, startedAt }, order.sensor);
  const until = sensor === null ? null : timeoutAt(sensor);
  return {
    now: ports.now,
    firstPokedAt: sensor === null ? null : firstPokedAt(sensor),
    timeoutAt: until,
    trigger: (wanted) => ports.dags.trigger(wanted),
    observe: (wait) => ports.dags.observe({ waiter, wait, until: until ?? order.deferral?.timeoutAt ?? null }),
  };
}

async function poke(
  handler: TaskHandler,
  input: Readonly<Record<string, unknown>>,
  context: Context,
  scope: PokeScope,
  { log, scope: { ports } }: Attempt,
): Promise<PokeResult> {
  let answer: unknown;
  try {
    answer = await handler.execute(input, context);
  } catch (thrown) {
    return pokeThrew(thrown, scope, ports.now(), (error) =>
      log.write("error", `Sensor poke failed:\n${stackText(error)}`, "task"),
    );
  }
  return pokeAnswered(answer, scope, ports.now());
}

function pokeScope(
  { order, scope, startedAt }: Pick<TaskWork, "order" | "scope" | "startedAt">,
  sensor: PokeScope["sensor"],
): PokeScope {
  return { dagId: scope.head.dagId, taskId: order.taskId, sensor, startedAt };
}

/** Outcome of what ended the attempt by throwing, with its lines in the log. A poke that ran out of time is the sensor's to judge. */
async function failureOutcome(
  thrown: unknown,
  work: Pick<TaskWork, keyof Attempt | "xcoms" | "startedAt">,
): Promise<AttemptOutcome> {
  const { order, scope, log, abort } = work;
  let final = thrown;
  if (order.sensor !== null && signalCode(thrown) === "TaskDeferralTimeout")
    final = new AirflowSensorTimeout(messageOf(thrown));
  if (order.sensor !== null && (abort.signal.aborted || final !== thrown)) {
    try {
      pokeThrew(final, pokeScope(work, order.sensor), scope.ports.now(), () => undefined);
    } catch (judged) {
      final = judged;
    }
  }
  const outcome = await outcomeOfThrown(final, work);
  if (outcome.kind === "failed") log.write("error", `Task failed with exception\n${stackText(final)}`, "task");
  else if (outcome.kind === "skipped") log.write("info", `Skipping task. ${messageOf(final)}`, "task");
  return outcome;
}

async function outcomeOfThrown(
  thrown: unknown,
  { scope, xcoms }: Pick<TaskWork, "scope" | "xcoms">,
): Promise<AttemptOutcome> {
  const { mask } = scope.masker;
  if (signalCode(thrown) !== "TaskDeferred") return thrownOutcome(thrown, mask, xcoms);
  try {
    const outcome = deferredOutcome(thrown, scope.ports.now());
    return {
      ...outcome,
      deferral: await sealedDeferral(outcome.deferral, sealedValues(scope)),
      ...(xcoms.writes.length === 0 ? {} : { xcoms: xcoms.writes }),
    };
  } catch (refused) {
    return thrownOutcome(refused, mask, xcoms);
  }
}

function taskContext(work: TaskWork, task: TaskSpec): Context {
  const { order, scope, log, stats, hooks, xcoms, abort, startedAt, outlets } = work;
  const base = runContext({ ...scope, log, stats, hooks });
  const { taskId, mapIndex } = order;
  const pull = xcomPuller({ taskId, mapIndex, dag: scope.dag, xcoms: scope.xcoms, pushed: (key) => xcoms.get(key) });
  const ti = taskInstanceContext(
    scope.head,
    { ...order, startedAt },
    {
      xcomPush: (key, value) => xcoms.push(key, value),
      xcomPull: pull,
    },
  );
  return {
    ...base,
    ti,
    taskInstance: ti,
    task,
    outletEvents: outlets.of,
    signal: abort.signal,
    once: onceOf(order, scope),
  };
}

function sealedValues({ ports, masker }: AttemptScope): SealedValues {
  return new SealedValues(ports.secrets, masker);
}

/** `ctx.once`: the result of the first completed call, over all attempts of the task instance. */
function onceOf(order: AttemptOrder, scope: AttemptScope): Context["once"] {
  const request = { incarnation: scope.head.incarnation, token: order.token };
  return async <T>(key: string, fn: () => T | Promise<T>): Promise<T> => {
    const stored = await scope.ports.run.once({ ...request, key });
    // The text was made from a T by an attempt of this task.
    const sealed = sealedValues(scope);
    if (stored !== null) return decode(await sealed.open(stored)) as T;
    sealed.assertName("key of once", key);
    const text = await sealed.guard(encode(await fn()));
    if (text.length > ONCE_LENGTH_MAX) {
      throw new AirflareError(
        "xcom_too_large",
        `The result of once("${key}") of task ${order.taskId} has ${text.length} characters, over ${ONCE_LENGTH_MAX}: return a key to where the data lies.`,
      );
    }
    return decode(await sealed.open((await scope.ports.run.once({ ...request, key, text })) ?? text)) as T;
  };
}

/** The run was made with a version of the DAG whose task the deployed code does not have. Both are named by the start of their hash. */
function handlerMissing(order: AttemptOrder, { head, dag }: AttemptScope): AirflareError {
  const deployed = specHash(dag.spec).slice(0, 12);
  return new AirflareError(
    "handler_missing",
    `Task ${order.taskId} of DAG ${head.dagId} is not in the deployed code: run ${head.runId} was made with version ${head.specHash.slice(0, 12)}, ` +
      `deployed is ${deployed}. Deploy the task again, or clear the run on the latest version.`,
    { details: { runSpecHash: head.specHash, deployedSpecHash: deployed } },
  );
}
