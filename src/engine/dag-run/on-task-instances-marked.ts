/**
 * @module A user sets states of task instances. What failed below them is cleared, so that the run can go on from there, as in Airflow.
 */
import { FAILED_STATES } from "../../model/state.ts";
import { clearInstance } from "./clear.ts";
import { markInstance } from "./mark.ts";
import { relatives, selectForMark } from "./select.ts";
import { reopenRun } from "./outcome-of-run.ts";
import { instanceAt } from "./step-context.ts";
import type { Handler } from "./handlers.ts";

export const onTaskInstancesMarked: Handler<"task-instances-marked"> = (ctx, { options, by }) => {
  const marked = selectForMark(ctx.run, options);
  for (const ord of marked) markInstance(ctx, ord, options.state, by);
  const below = relatives(ctx.run, marked, "downstream");
  for (const ord of marked) below.delete(ord);
  const failed = [...below].filter((ord) => FAILED_STATES.has(instanceAt(ctx.run, ord).state));
  for (const ord of failed.toSorted((a, b) => a - b)) clearInstance(ctx, ord);
  if (failed.length > 0) reopenRun(ctx);
};
