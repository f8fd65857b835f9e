/**
 * @module The run's own state: when it ends and how, the time-out, and running again after a clear.
 */
import { FINISHED_RUN_STATES, FINISHED_STATES } from "../../model/state.ts";
import { orderDagCallback, orderRunState } from "./callbacks.ts";
import { isDeadlocked } from "./deadlock.ts";
import { setState } from "./step-context.ts";
import type { DagRunState } from "../../model/state.ts";
import type { RunEndReason } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";

/** Ends the run if nothing is left to do, if nothing can be done, or if its time is over. */
export function concludeRun(ctx: StepContext): void {
  const { head, spec } = ctx.run;
  if (head.state !== "running") return;
  if (ctx.index.unfinished === 0) {
    concludeByLeaves(ctx);
    return;
  }
  if (spec.dagrunTimeoutMs !== null && ctx.now >= (head.startedAt ?? ctx.now) + spec.dagrunTimeoutMs) {
    // Airflow skips all that is unfinished, teardowns and running tasks too.
    for (const instance of ctx.run.instances) {
      if (!FINISHED_STATES.has(instance.state)) setState(ctx, instance, "skipped");
    }
    endRun(ctx, "failed", "timed_out");
    return;
  }
  if (isDeadlocked(ctx)) endRun(ctx, "failed", "all_tasks_deadlocked");
}

/** Sets the end state and tells everybody once. */
export function endRun(ctx: StepContext, state: DagRunState, reason: RunEndReason): void {
  const { head } = ctx.run;
  head.state = state;
  head.endReason = reason;
  head.endedAt = ctx.now;
  ctx.headChanged = true;
  ctx.index.dirtyTasks.clear();
  ctx.index.dirtyOrds.clear();
  orderRunState(ctx);
  orderDagCallback(ctx, reason);
}

/** A finished run runs again: new generation, new start. A run that is queued or running stays as it is. */
export function reopenRun(ctx: StepContext): void {
  const { head } = ctx.run;
  if (!FINISHED_RUN_STATES.has(head.state)) return;
  head.state = "running";
  head.endReason = null;
  head.endedAt = null;
  head.queuedAt = ctx.now;
  head.startedAt = ctx.now;
  head.generation += 1;
  ctx.headChanged = true;
  orderRunState(ctx);
  // While the run was over, nothing was decided.
  for (const task of ctx.index.plan.tasks) ctx.index.dirtyTasks.add(task.index);
}

function concludeByLeaves(ctx: StepContext): void {
  const { head } = ctx.run;
  // Cancelled or marked failed while teardowns had still to run: they have now.
  if (head.endReason !== null) endRun(ctx, "failed", head.endReason);
  else if (ctx.index.failedLeaves > 0) endRun(ctx, "failed", "task_failure");
  else endRun(ctx, "success", "success");
}
