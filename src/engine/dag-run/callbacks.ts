/**
 * @module Notices about tasks and runs: authors' callbacks and mails. The id is the same whenever the same event is told again, so that it is carried out once.
 */
import { instanceName, planAt } from "./step-context.ts";
import type { ErrorInfo } from "../../model/outcome.ts";
import type { RunEndReason } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskCallbackNotice, TaskMailNotice } from "../../model/notice.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

/** Orders a task's callback if the author gave one, and behind it the mail if one is asked for. */
export function orderTaskCallback(
  ctx: StepContext,
  instance: TaskInstance,
  callback: TaskCallbackNotice["callback"],
  about: { readonly error?: ErrorInfo; readonly reason?: string } = {},
): void {
  const { spec } = planAt(ctx, instance.task);
  const { taskId } = spec;
  const { ord, mapIndex, tryNumber, maxTries } = instance;
  const event = `${instanceName(ctx, instance)}#${tryNumber}`;
  const { generation } = ctx.run.head;
  const error = about.error ?? null;
  const place = { ord, taskId, mapIndex, tryNumber };
  const mail: Omit<TaskMailNotice, "error"> | null =
    (callback === "failure" || callback === "retry") && isMailed(spec, callback)
      ? {
          kind: "task-mail",
          id: `${event}:${callback}-mail@${generation}`,
          about: callback,
          to: spec.email,
          ...place,
          maxTries,
        }
      : null;
  if (spec.callbacks.includes(callback)) {
    ctx.commands.push({
      kind: "task-callback",
      id: `${event}:${callback}@${generation}`,
      callback,
      ...place,
      error,
      reason: about.reason ?? null,
      ...(mail === null ? {} : { mail }),
    });
  } else if (mail !== null) ctx.commands.push({ ...mail, error });
}

/** Orders the DAG's callback for the end of a run if the author gave one. */
export function orderDagCallback(ctx: StepContext, reason: RunEndReason): void {
  const callback = ctx.run.head.state === "success" ? "success" : "failure";
  if (!ctx.run.spec.callbacks.includes(callback)) return;
  ctx.commands.push({ kind: "dag-callback", id: `${endId(ctx)}:callback`, callback, reason });
}

/** Tells the DAG object that the run ended or runs again. */
export function orderRunState(ctx: StepContext): void {
  const { state, generation } = ctx.run.head;
  ctx.commands.push({ kind: "run-state", id: endId(ctx), state, generation });
}

function isMailed(spec: TaskSpec, about: "failure" | "retry"): boolean {
  return spec.email.length > 0 && (about === "failure" ? spec.emailOnFailure : spec.emailOnRetry);
}

/** A run can be marked more than once in one generation: the sequence number tells these ends apart. */
function endId(ctx: StepContext): string {
  const { state, generation, seq } = ctx.run.head;
  return `run:${state}@${generation}.${seq + 1}`;
}
