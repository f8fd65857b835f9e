/**
 * @module Setting an instance's state by hand. An open attempt is fenced off.
 */
import { instanceAt, instanceName, setState } from "./step-context.ts";
import { orderTaskCallback } from "./callbacks.ts";
import type { StepContext } from "./step-context.ts";

/** Sets the end state `to`. A failure set by hand runs the failure callback, as any other failure does. */
export function markInstance(ctx: StepContext, ord: number, to: "success" | "failed" | "skipped", by: string): void {
  const instance = instanceAt(ctx.run, ord);
  if (instance.state === to) return;
  setState(ctx, instance, to, true);
  if (instance.startedAt === 0) instance.startedAt = ctx.now;
  instance.endedAt = ctx.now;
  if (to !== "failed") return;
  const error = { code: "marked_failed", message: `Task ${instanceName(ctx, instance)} was set to failed by ${by}.` };
  ctx.errors.push({ ord, error });
  orderTaskCallback(ctx, instance, "failure", { error });
}
