/**
 * @module The deadlock of a run (Airflow's `all_tasks_deadlocked`): something is left to do and nothing can ever start it.
 */
import { planAt } from "./step-context.ts";
import type { StepContext } from "./step-context.ts";

/**
 * Unfinished tasks, none of which can ever run: all wait for a trigger rule that nothing will change any more.
 * Waiting for another run is not a deadlock.
 */
export function isDeadlocked(ctx: StepContext): boolean {
  if (ctx.index.states.none !== ctx.index.unfinished) return false;
  return ctx.run.instances.every((instance) => {
    if (instance.state !== "none") return true;
    return !planAt(ctx, instance.task).watchesPast;
  });
}
