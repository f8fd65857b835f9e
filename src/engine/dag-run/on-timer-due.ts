/**
 * @module The alarm: everything whose time has come. An early or repeated alarm finds nothing due and changes nothing.
 */
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { dispatchAgain, makeReady, sendAgain } from "./dispatch.ts";
import { planAt } from "./step-context.ts";
import { loseAttempt } from "./lose-attempt.ts";
import { askAgain, lookAfterSlots } from "./slots.ts";
import { takeDue } from "./due.ts";
import type { Handler } from "./handlers.ts";

export const onTimerDue: Handler<"timer-due"> = (ctx) => {
  lookAfterSlots(ctx);
  for (const instance of takeDue(ctx.run, ctx.index, ctx.now)) {
    switch (instance.state) {
      case "scheduled":
        askAgain(ctx, instance);
        break;
      case "queued":
        sendAgain(ctx, instance);
        break;
      case "running":
        // The caller that was to take it along never got it: no worker is to blame.
        if ((instance.flags & TaskInstanceFlag.HANDED_OFF) !== 0) dispatchAgain(ctx, instance);
        else loseAttempt(ctx, instance, "its lease ran out");
        break;
      case "deferred":
        // Its upstream tasks have been judged when the try began.
        makeReady(ctx, planAt(ctx, instance.task), instance);
        break;
      default:
        // Waited for a retry or the next poke; its other deps are looked at again.
        instance.dueAt = 0;
        ctx.leases.add(instance.ord);
        ctx.index.dirtyOrds.add(instance.ord);
    }
  }
};
