/**
 * @module A user sets the run's state. `success` sets all tasks but teardowns to success; `failed` stops the run; `queued` lets it run on.
 */
import { endRun, reopenRun } from "./outcome-of-run.ts";
import { markInstance } from "./mark.ts";
import { planAt } from "./step-context.ts";
import { stopRun } from "./stop-run.ts";
import type { Handler } from "./handlers.ts";
import type { StepContext } from "./step-context.ts";

export const onRunMarked: Handler<"run-marked"> = (ctx, { state, by }) => {
  if (state === "success") succeedRun(ctx, by);
  else if (state === "failed") stopRun(ctx, "marked", by);
  else reopenRun(ctx);
};

function succeedRun(ctx: StepContext, by: string): void {
  const { head } = ctx.run;
  let teardowns = 0;
  for (const instance of ctx.run.instances) {
    if (instance.state === "removed") continue;
    if (planAt(ctx, instance.task).spec.isTeardown) teardowns += 1;
    else markInstance(ctx, instance.ord, "success", by);
  }
  // Teardowns still have to clean up: the run ends by itself behind them.
  if (head.state !== "success" && (teardowns === 0 || head.state !== "running")) endRun(ctx, "success", "marked");
}
