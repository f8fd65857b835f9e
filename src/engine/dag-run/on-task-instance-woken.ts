/**
 * @module What a sensor or a deferred task waits for has changed: it looks at once instead of at its time. One that is looking right now may have read what
 * was there before, so it looks again. Everything else is not concerned, and a repeat only makes it look once more.
 */
import { OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { instanceAt, setDue } from "./step-context.ts";
import { makeReady } from "./dispatch.ts";
import type { Handler } from "./handlers.ts";

export const onTaskInstanceWoken: Handler<"task-instance-woken"> = (ctx, { taskId, mapIndex }) => {
  const plan = ctx.index.plan.tasks[ctx.index.plan.graph.indexOf.get(taskId) ?? -1];
  const instances = plan === undefined ? undefined : ctx.index.tasks[plan.index];
  const ord = mapIndex < 0 ? instances?.placeholder : instances?.byIndex[mapIndex];
  if (plan === undefined || ord === undefined || ord < 0 || ctx.run.head.state !== "running") return;
  const instance = instanceAt(ctx.run, ord);
  if (instance.state === "deferred") {
    makeReady(ctx, plan, instance);
  } else if (instance.state === "up_for_reschedule") {
    setDue(ctx, instance, ctx.now);
    ctx.leases.add(ord);
    ctx.index.dirtyOrds.add(ord);
  } else if (OPEN_ATTEMPT_STATES.has(instance.state)) {
    instance.flags |= TaskInstanceFlag.WOKEN;
    ctx.leases.add(ord);
  }
};
