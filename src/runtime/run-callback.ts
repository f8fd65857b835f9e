/**
 * @module Runs an author's callbacks for a `callback` message: of a task instance (success, failure, retry, skipped) or of a run. Errors in them are logged
 * and change no state.
 */
import type { CallbackContext, DagCallbackContext } from "../dag/context.ts";
import { AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowTaskTimeout } from "../dag/exceptions.ts";
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { Command } from "../model/command.ts";
import type { DagRunHead, RunEndReason } from "../model/dag-run.ts";
import { AirflareError } from "../model/error.ts";
import type { ErrorInfo } from "../model/outcome.ts";
import type { TaskInstanceView } from "../model/protocol.ts";
import type { TaskMessage } from "../model/task-message.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { runCallbacks } from "./callbacks.ts";
import { withConsoleCaptured } from "./console-capture.ts";
import { type ContextScope, runContext, taskInstanceContext } from "./context.ts";
import { OpenHooks } from "./open-hooks.ts";
import type { RuntimePorts } from "./ports.ts";
import { SealedValues } from "./sealed-values.ts";
import { SecretMasker } from "./secret-masker.ts";
import { messageOf } from "./signal.ts";
import { taskOf } from "./spec-index.ts";
import { StatsCollector } from "./stats.ts";
import { StoredXComs } from "./stored-xcom.ts";
import { TaskLog } from "./task-log.ts";
import { Deadlines, limitTime } from "./timeout.ts";
import { xcomPuller } from "./xcom-pull.ts";
import { XComReader } from "./xcoms.ts";

/** Callbacks notify; one that hangs must not hold the queue. */
const CALLBACKS_TIMEOUT_MS = 60_000;

type CallbackMessage = Extract<TaskMessage, { kind: "callback" }>;
type TaskCallback = Extract<Command, { kind: "task-callback" }>;

/**
 * Runs the callbacks the message names and answers their log lines. `view` is the task instance (null for a run's callback or when it is gone).
 * Never throws.
 */
export async function runCallback(
  message: CallbackMessage,
  head: DagRunHead,
  view: TaskInstanceView | null,
  dag: ExecutableDag,
  ports: RuntimePorts,
): Promise<string> {
  const masker = new SecretMasker(ports.env);
  const log = new TaskLog(ports.now, masker);
  const warn = (text: string): void => log.write("warning", text, "airflare");
  const stats = new StatsCollector(ports.now, warn);
  const hooks = new OpenHooks();
  const scope = { head, dag, ports, masker, log, stats, hooks };
  const deadlines = new Deadlines(ports);
  const abort = new AbortController();
  try {
    const work = withConsoleCaptured(log, () => callbackWork(message.command, scope, view, abort.signal));
    const what = `The ${message.command.callback} callback of ${message.taskId ?? message.dagId}`;
    await limitTime(work, { ms: CALLBACKS_TIMEOUT_MS, deadlines, abort, what });
  } catch (thrown) {
    log.write("error", messageOf(thrown), "airflare");
  }
  deadlines.close();
  await hooks.close(ports.sleep, warn);
  log.close();
  if (stats.metrics.length > 0) ports.metrics(stats.metrics);
  return log.drain();
}

type CallbackScope = ContextScope & { readonly ports: RuntimePorts };

async function callbackWork(
  command: CallbackMessage["command"],
  scope: CallbackScope,
  view: TaskInstanceView | null,
  signal: AbortSignal,
): Promise<void> {
  const { dag, log } = scope;
  if (command.kind === "dag-callback") {
    await runCallbacks(dag.callbacks[command.callback], dagCallbackContext(scope, command.reason), log);
    return;
  }
  const task = taskOf(dag.spec, command.taskId);
  const callbacks = dag.handlers.get(command.taskId)?.callbacks[command.callback];
  if (task === undefined || callbacks === undefined) {
    log.write("error", `Task ${command.taskId} has no ${command.callback} callback in the deployed code.`, "airflare");
    return;
  }
  await runCallbacks(callbacks, taskCallbackContext(command, scope, task, view, signal), log);
}

function dagCallbackContext(scope: CallbackScope, reason: RunEndReason): DagCallbackContext {
  return { ...runContext(scope), ti: undefined, taskInstance: undefined, reason };
}

function taskCallbackContext(
  command: TaskCallback,
  scope: CallbackScope,
  task: TaskSpec,
  view: TaskInstanceView | null,
  signal: AbortSignal,
): CallbackContext {
  const { head, ports, dag } = scope;
  const { taskId, mapIndex, tryNumber, error, reason } = command;
  const nothing = { xcoms: [], xcomsLeftOut: [], mappedTasks: [] };
  const xcoms = new XComReader(
    ports.run,
    new StoredXComs(ports.objects, new SealedValues(ports.secrets, scope.masker)),
    nothing,
  );
  const instance = {
    taskId,
    mapIndex,
    tryNumber,
    maxTries: view?.maxTries ?? task.retries + 1,
    startedAt: view?.startedAt ?? 0,
  };
  const ti = taskInstanceContext(head, instance, {
    xcomPush: () => refused("push an XCom", taskId),
    xcomPull: xcomPuller({ taskId, mapIndex, dag, xcoms, pushed: () => undefined }),
  });
  return {
    ...runContext(scope),
    ti,
    taskInstance: ti,
    task,
    signal,
    once: () => refused("use once", taskId),
    ...(error === null ? {} : { exception: exceptionOf(error) }),
    ...(reason === null ? {} : { reason }),
  };
}

async function refused(what: string, taskId: string): Promise<never> {
  throw new AirflareError("invalid_request", `A callback of task ${taskId} cannot ${what}: the attempt is over.`);
}

const EXCEPTIONS = { AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowTaskTimeout };

/** The attempt's error again: of Airflow's classes where it was one, else an error with its name and code. */
function exceptionOf({ code, message, cause }: ErrorInfo): Error {
  const exception = isSignalName(code)
    ? new EXCEPTIONS[code](message)
    : Object.assign(new Error(message), { name: code, code });
  if (cause !== undefined) exception.cause = exceptionOf(cause);
  return exception;
}

function isSignalName(code: string): code is keyof typeof EXCEPTIONS {
  return Object.hasOwn(EXCEPTIONS, code);
}
