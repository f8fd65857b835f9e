/**
 * @module A user clears task instances. With `resetDagRun` a finished run runs again; without, they wait until somebody lets it.
 */
import { clearInstance } from "./clear.ts";
import { reopenRun } from "./outcome-of-run.ts";
import { selectForClear } from "./select.ts";
import type { Handler } from "./handlers.ts";

export const onTaskInstancesCleared: Handler<"task-instances-cleared"> = (ctx, { options }) => {
  const ords = selectForClear(ctx.run, options);
  for (const ord of ords) {
    clearInstance(ctx, ord);
    if (options.note !== null) ctx.notes.push({ ord, note: options.note });
  }
  if (ords.length > 0 && options.resetDagRun) reopenRun(ctx);
};
