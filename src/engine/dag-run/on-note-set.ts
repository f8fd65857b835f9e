/**
 * @module A user writes a note on the run or on task instances.
 */
import { selectInstances } from "./select.ts";
import type { Handler } from "./handlers.ts";

/** Stands for the run itself in `StepResult.notes`. */
const RUN_NOTE = -1;

export const onNoteSet: Handler<"note-set"> = (ctx, { select, note }) => {
  if (select === null) {
    ctx.run.head.note = note;
    ctx.headChanged = true;
    ctx.notes.push({ ord: RUN_NOTE, note });
    return;
  }
  for (const ord of selectInstances(ctx.run, select)) {
    ctx.notes.push({ ord, note });
    ctx.instances.add(ord);
  }
};
