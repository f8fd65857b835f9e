/**
 * @module Events of the assets that a task updates: with its success only, one for each of its outlets, told under the attempt's token, so that each is
 * one event however often it is told.
 */
import type { AttemptOutcome, AttemptReport } from "../../model/outcome.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

type Success = Extract<AttemptOutcome, { kind: "success" }>;

/** What the report says about assets that are no outlets of the task is left out. */
export function orderAssetEvents(
  ctx: StepContext,
  { spec }: TaskPlan,
  instance: TaskInstance,
  { token, outcome }: Pick<AttemptReport, "token"> & { readonly outcome: Success },
): void {
  const { taskId, outlets } = spec;
  for (const uri of new Set(outlets)) {
    const extra = outcome.outletExtra?.[uri] ?? {};
    ctx.commands.push({
      kind: "asset-event",
      id: token,
      uri,
      extra,
      taskId,
      mapIndex: instance.mapIndex,
      at: instance.endedAt,
    });
  }
}
