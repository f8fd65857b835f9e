/**
 * @module Failures: retry or the end, whoever found it (the task's own code, a vanished worker, a bad answer). Every path to `failed` passes here,
 * so that the callback and `failFast` are never forgotten.
 */
import { FINISHED_STATES } from "../../model/state.ts";
import { instanceName, planAt, setDue, setState } from "./step-context.ts";
import { orderTaskCallback } from "./callbacks.ts";
import { retryDelayMs } from "../retry.ts";
import type { ErrorInfo } from "../../model/outcome.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance, TryRecord } from "../../model/task-instance.ts";
import type { TaskInstanceState } from "../../model/state.ts";

export interface Failure {
  readonly error: ErrorInfo;
  /** False: no retry, whatever the task's `retries` says. */
  readonly retry: boolean;
  /** The author's own delay instead of the policy's. */
  readonly retryAfterMs?: number;
}

/** Ends a try as failed: `up_for_retry` while tries are left, else `failed`. */
export function failTry(ctx: StepContext, instance: TaskInstance, failure: Failure): void {
  instance.endedAt = ctx.now;
  if (!failure.retry || instance.tryNumber >= instance.maxTries) {
    failFinally(ctx, instance, failure.error);
    return;
  }
  recordTry(ctx, instance, "failed", failure.error);
  setState(ctx, instance, "up_for_retry");
  const { head } = ctx.run;
  const { spec } = planAt(ctx, instance.task);
  const delayMs =
    failure.retryAfterMs ??
    retryDelayMs({
      dagId: head.dagId,
      taskId: spec.taskId,
      logicalDate: head.logicalDate,
      tryNumber: instance.tryNumber,
      task: spec,
    });
  setDue(ctx, instance, ctx.now + Math.max(0, delayMs));
  ctx.index.dirtyOrds.add(instance.ord);
  orderTaskCallback(ctx, instance, "retry", { error: failure.error });
}

/** A failure that no attempt's report brought: its error is told apart. */
export function failWithoutReport(ctx: StepContext, instance: TaskInstance, failure: Failure): void {
  ctx.errors.push({ ord: instance.ord, error: failure.error });
  failTry(ctx, instance, failure);
}

/** Fails an instance that has no attempt, for a fault of its definition or its inputs. */
export function failWithoutAttempt(ctx: StepContext, instance: TaskInstance, error: ErrorInfo): void {
  ctx.errors.push({ ord: instance.ord, error });
  instance.endedAt = ctx.now;
  failFinally(ctx, instance, error);
}

/** Keeps a try that another one will follow. */
export function recordTry(
  ctx: StepContext,
  instance: TaskInstance,
  state: TaskInstanceState,
  error: ErrorInfo | null,
): void {
  const record: TryRecord = {
    ord: instance.ord,
    tryNumber: instance.tryNumber,
    state,
    queuedAt: instance.queuedAt,
    startedAt: instance.startedAt,
    endedAt: instance.endedAt,
    error: error === null ? null : `${error.code}: ${error.message}`,
  };
  ctx.tries.push(record);
}

function failFinally(ctx: StepContext, instance: TaskInstance, error: ErrorInfo): void {
  setState(ctx, instance, "failed");
  orderTaskCallback(ctx, instance, "failure", { error });
  if (ctx.run.spec.failFast && ctx.run.head.state === "running") stopOthers(ctx, instance);
}

/** `failFast`: running tasks fail, everything else not finished is skipped; teardowns and the failed task's other instances go on. */
function stopOthers(ctx: StepContext, failed: TaskInstance): void {
  const cause = instanceName(ctx, failed);
  for (const other of ctx.run.instances) {
    if (other.task === failed.task || FINISHED_STATES.has(other.state)) continue;
    if (planAt(ctx, other.task).spec.isTeardown) continue;
    if (other.state !== "running") {
      setState(ctx, other, "skipped");
      continue;
    }
    const error = { code: "fail_fast", message: `Stopped because task ${cause} failed and the DAG has failFast.` };
    ctx.errors.push({ ord: other.ord, error });
    other.endedAt = ctx.now;
    setState(ctx, other, "failed");
    orderTaskCallback(ctx, other, "failure", { error });
  }
}
