/**
 * @module A backfill runs an ended run again: it becomes the backfill's, with all task instances cleared. A run that was set going meanwhile is left to
 * itself, but belongs to the backfill all the same.
 */
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import { clearInstance } from "./clear.ts";
import { reopenRun } from "./outcome-of-run.ts";
import type { Handler } from "./handlers.ts";

export const onRunReprocessed: Handler<"run-reprocessed"> = (ctx, { backfillId, conf }) => {
  const { head, spec, instances } = ctx.run;
  if (head.backfillId === backfillId) return;
  Object.assign(head, { backfillId, runType: "backfill", triggeredBy: "backfill" });
  ctx.headChanged = true;
  if (!FINISHED_RUN_STATES.has(head.state)) return;
  if (conf !== null) {
    const defaults = Object.entries(spec.params).flatMap(([name, { value }]) =>
      value === undefined ? [] : [[name, value]],
    );
    Object.assign(head, { conf, params: { ...Object.fromEntries(defaults), ...conf } });
  }
  // What the run before was then says nothing about now: it may run again, too.
  ctx.run.watched.clear();
  ctx.index.asked.clear();
  for (const { ord, state } of instances) if (state !== "removed") clearInstance(ctx, ord);
  reopenRun(ctx);
};
