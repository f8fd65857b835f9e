/**
 * @module Ending a run by hand as failed (also: cancelling it). As in Airflow: what runs fails, what waits is skipped, teardowns still run; without
 * an unfinished teardown the run ends at once.
 */
import { FINISHED_RUN_STATES, FINISHED_STATES } from "../../model/state.ts";
import { endRun } from "./outcome-of-run.ts";
import { markInstance } from "./mark.ts";
import { planAt } from "./step-context.ts";
import type { RunEndReason } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";

const STOPPED_AS_FAILED: ReadonlySet<string> = new Set(["running", "deferred", "up_for_reschedule"]);

/** Stops the run and says why; a run that has failed already stays as it is. */
export function stopRun(ctx: StepContext, reason: Extract<RunEndReason, "cancelled" | "marked">, by: string): void {
  const { head } = ctx.run;
  if (head.state === "failed") return;
  let teardowns = 0;
  for (const instance of ctx.run.instances) {
    if (FINISHED_STATES.has(instance.state)) continue;
    if (planAt(ctx, instance.task).spec.isTeardown && head.state === "running") teardowns += 1;
    else markInstance(ctx, instance.ord, STOPPED_AS_FAILED.has(instance.state) ? "failed" : "skipped", by);
  }
  if (teardowns === 0 || FINISHED_RUN_STATES.has(head.state)) {
    endRun(ctx, "failed", reason);
    return;
  }
  // The teardowns go on; when they are done the run ends as failed for this reason.
  head.endReason = reason;
  ctx.headChanged = true;
}
