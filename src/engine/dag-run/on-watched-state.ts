/**
 * @module The DAG object tells whether the run before lets a task run (`depends_on_past`). It may tell again, with another answer.
 */
import type { Handler } from "./handlers.ts";

export const onWatchedState: Handler<"watched-state"> = (ctx, { watchId, passed, reason }) => {
  ctx.run.watched.set(watchId, { passed, reason });
  const task = ctx.index.plan.graph.indexOf.get(watchId);
  if (passed && task !== undefined) ctx.index.dirtyTasks.add(task);
};
