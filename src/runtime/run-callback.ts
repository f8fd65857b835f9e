/**
 * @module Runs an author's callbacks: of a task instance (success, failure, retry, skipped) or of a run. Errors in them are logged
 * and change no state.
 */
import type { CallbackContext, DagCallbackContext } from "../dag/context.ts";
import { AirflowException, AirflowFailException, AirflowSensorTimeout, AirflowTaskTimeout } from "../dag/exceptions.ts";
import type { DagCallbackNotice, TaskCallbackNotice } from "../model/notice.ts";
import { AirflareError } from "../model/error.ts";
import type { ErrorInfo } from "../model/outcome.ts";
import type { TaskInstanceView } from "../model/protocol.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { runCallbacks } from "./callbacks.ts";
import { type ContextScope, runContext, taskInstanceContext } from "./context.ts";
import type { RuntimePorts } from "./ports.ts";
import { SealedValues } from "./sealed-values.ts";
import { taskOf } from "./spec-index.ts";
import { StoredXComs } from "./stored-xcom.ts";
import { xcomPuller } from "./xcom-pull.ts";
import { XComReader } from "./xcoms.ts";

/** What carrying a notice out has to hand. */
export type NoticeScope = ContextScope & { readonly ports: RuntimePorts };

/** Runs the callbacks that a notice names. `view` is the task instance (null for a run's callback or when it is gone). */
export async function runCallback(
  command: TaskCallbackNotice | DagCallbackNotice,
  scope: NoticeScope,
  view: TaskInstanceView | null,
  signal: AbortSignal,
): Promise<void> {
  const { dag, log } = scope;
  if (command.kind === "dag-callback") {
    await runCallbacks(dag.callbacks[command.callback], dagCallbackContext(scope, command), log);
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

function dagCallbackContext(scope: NoticeScope, { id, reason }: DagCallbackNotice): DagCallbackContext {
  return { ...runContext(scope), ti: undefined, taskInstance: undefined, reason, eventId: eventId(scope, id) };
}

function taskCallbackContext(
  command: TaskCallbackNotice,
  scope: NoticeScope,
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
    eventId: eventId(scope, command.id),
    outletEvents: () => {
      throw tooLate("say anything about its outlets", taskId);
    },
    once: () => refused("use once", taskId),
    ...(error === null ? {} : { exception: exceptionOf(error) }),
    ...(reason === null ? {} : { reason }),
  };
}

async function refused(what: string, taskId: string): Promise<never> {
  throw tooLate(what, taskId);
}

function tooLate(what: string, taskId: string): AirflareError {
  return new AirflareError("invalid_request", `A callback of task ${taskId} cannot ${what}: the attempt is over.`);
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

/** Names the event to the world, the same on every repeat. */
export function eventId({ head }: Pick<NoticeScope, "head">, noticeId: string): string {
  return `${head.incarnation}/${noticeId}`;
}
