/**
 * @module A driver still works on its attempts: their leases are extended. Stale tokens are told, so that it stops.
 */
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { openAttemptOf } from "./tokens.ts";
import { setDue } from "./step-context.ts";
import type { Handler } from "./handlers.ts";

export const onAttemptsHeartbeat: Handler<"attempts-heartbeat"> = (ctx, { tokens }) => {
  for (const token of tokens) {
    const instance = openAttemptOf(ctx.run, token);
    if (instance?.state !== "running") {
      ctx.stale.push(token);
      continue;
    }
    instance.flags &= ~TaskInstanceFlag.HANDED_OFF;
    ctx.leases.add(instance.ord);
    setDue(ctx, instance, ctx.now + ctx.input.leases.runningMs);
  }
};
