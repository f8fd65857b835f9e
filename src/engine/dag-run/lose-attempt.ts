/**
 * @module A worker vanished: the try goes on under a new token, until it has been lost too often.
 */
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { dispatchAgain } from "./dispatch.ts";
import { failWithoutReport } from "./fail-attempt.ts";
import { instanceName } from "./step-context.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Counts a loss. Up to `lossesMax` per try the attempt is sent again, alone in its message; then `worker_lost` goes to the retry policy. */
export function loseAttempt(ctx: StepContext, instance: TaskInstance, reason: string): void {
  instance.losses += 1;
  if (instance.losses <= ctx.input.leases.lossesMax) {
    dispatchAgain(ctx, instance);
    // It may have been lost because of the others in its message, or they because of it.
    instance.flags |= TaskInstanceFlag.SEND_ALONE;
    return;
  }
  failWithoutReport(ctx, instance, {
    retry: true,
    error: {
      code: "worker_lost",
      message: `The worker of task ${instanceName(ctx, instance)} vanished ${instance.losses} times in try ${instance.tryNumber} (${reason}). Give it less to do, or "isolate: true".`,
      retryable: true,
    },
  });
}
