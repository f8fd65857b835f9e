/**
 * @module A user cancels the run. A finished run stays as it is.
 */
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import { stopRun } from "./stop-run.ts";
import type { Handler } from "./handlers.ts";

export const onRunCancelled: Handler<"run-cancelled"> = (ctx, { by }) => {
  if (!FINISHED_RUN_STATES.has(ctx.run.head.state)) stopRun(ctx, "cancelled", by);
};
