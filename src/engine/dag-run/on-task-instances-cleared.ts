/**
 * @module A user clears task instances. With `resetDagRun` a finished run runs again; without, they wait until somebody lets it.
 */
import { clearInstance } from "./clear.ts";
import { reopenRun } from "./outcome-of-run.ts";
import { selectForClear } from "./select.ts";
import { instanceAt, planAt } from "./step-context.ts";
import type { Handler } from "./handlers.ts";
import type { StepContext } from "./step-context.ts";

/** What the run before was when the task ran says nothing about now: it is asked again. */
function forgetPast(ctx: StepContext, ord: number): void {
  const { task } = instanceAt(ctx.run, ord);
  ctx.run.watched.delete(planAt(ctx, task).spec.taskId);
  ctx.index.asked.delete(task);
}

export const onTaskInstancesCleared: Handler<"task-instances-cleared"> = (ctx, { options }) => {
  const ords = selectForClear(ctx.run, options);
  for (const ord of ords) {
    clearInstance(ctx, ord);
    forgetPast(ctx, ord);
    if (options.note !== null) ctx.notes.push({ ord, note: options.note });
  }
  if (ords.length > 0 && options.resetDagRun) reopenRun(ctx);
};
