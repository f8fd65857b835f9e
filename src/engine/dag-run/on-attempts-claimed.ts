/**
 * @module A driver takes attempts: queued ones start to run. A second claim of the same token finds it running and is refused, so that code starts
 * once per token; a handed-off attempt is claimed at most once as its first sign of life.
 */
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { openAttemptOf } from "./tokens.ts";
import { setDue } from "./step-context.ts";
import { startRunning } from "./dispatch.ts";
import type { Handler } from "./handlers.ts";

export const onAttemptsClaimed: Handler<"attempts-claimed"> = (ctx, { tokens }) => {
  const { runningMs } = ctx.input.leases;
  for (const token of tokens) {
    const instance = openAttemptOf(ctx.run, token);
    if (instance?.state === "queued") startRunning(ctx, instance, runningMs);
    else if (instance !== undefined && (instance.flags & TaskInstanceFlag.HANDED_OFF) !== 0) {
      instance.flags &= ~TaskInstanceFlag.HANDED_OFF;
      ctx.leases.add(instance.ord);
      setDue(ctx, instance, ctx.now + runningMs);
    } else ctx.stale.push(token);
  }
};
