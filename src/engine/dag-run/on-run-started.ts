/**
 * @module The run may start. A repeat, or a run that was ended while it waited, changes nothing.
 */
import type { Handler } from "./handlers.ts";

export const onRunStarted: Handler<"run-started"> = (ctx) => {
  const { head } = ctx.run;
  if (head.state !== "queued") return;
  head.state = "running";
  head.startedAt = ctx.now;
  ctx.headChanged = true;
  for (const task of ctx.index.plan.tasks) ctx.index.dirtyTasks.add(task.index);
};
