/**
 * @module Commands that run an author's callback. The id is the same whenever the same event is told again, so that it runs once.
 */
import { instanceName, planAt } from "./step-context.ts";
import type { CallbackKind } from "../../model/task-spec.ts";
import type { ErrorInfo } from "../../model/outcome.ts";
import type { RunEndReason } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Orders a task's callback if the author gave one. */
export function orderTaskCallback(
  ctx: StepContext,
  instance: TaskInstance,
  callback: Exclude<CallbackKind, "execute">,
  about: { readonly error?: ErrorInfo; readonly reason?: string } = {},
): void {
  const { spec } = planAt(ctx, instance.task);
  if (!spec.callbacks.includes(callback)) return;
  ctx.commands.push({
    kind: "task-callback",
    id: `${instanceName(ctx, instance)}#${instance.tryNumber}:${callback}@${ctx.run.head.generation}`,
    callback,
    ord: instance.ord,
    taskId: spec.taskId,
    mapIndex: instance.mapIndex,
    tryNumber: instance.tryNumber,
    error: about.error ?? null,
    reason: about.reason ?? null,
  });
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

/** A run can be marked more than once in one generation: the sequence number tells these ends apart. */
function endId(ctx: StepContext): string {
  const { state, generation, seq } = ctx.run.head;
  return `run:${state}@${generation}.${seq + 1}`;
}
