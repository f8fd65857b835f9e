/**
 * @module Resetting an instance so that it runs again (Airflow's clear).
 */
import { FINISHED_STATES } from "../../model/state.ts";
import { forgetFacts } from "./dispatch.ts";
import { instanceAt, planAt, setState } from "./step-context.ts";
import { recordTry } from "./fail-attempt.ts";
import type { StepContext } from "./step-context.ts";

/**
 * Back to `none`, with the task's retries granted anew. A running attempt is fenced off (`restarting`): it gets one more try, as in Airflow.
 * The try so far becomes history.
 */
export function clearInstance(ctx: StepContext, ord: number): void {
  const instance = instanceAt(ctx.run, ord);
  const { state } = instance;
  const hasRun = instance.tryNumber > 0 && instance.startedAt > 0;
  // The try of an instance that waits for its retry is history already.
  if (hasRun && state !== "up_for_retry") recordTry(ctx, instance, FINISHED_STATES.has(state) ? state : "failed", null);
  if (state === "running") {
    setState(ctx, instance, "restarting");
    instance.maxTries = Math.max(instance.maxTries, instance.tryNumber + 1);
  } else instance.maxTries = instance.tryNumber + planAt(ctx, instance.task).spec.retries + 1;
  setState(ctx, instance, "none", true);
  ctx.instances.add(ord);
  if (instance.tryNumber > 0) ctx.xcomsCleared.add(ord);
  forgetFacts(ctx, instance);
  instance.scheduledAt = 0;
  instance.queuedAt = 0;
  instance.startedAt = 0;
  instance.endedAt = 0;
  instance.losses = 0;
  instance.pokes = 0;
  instance.firstPokedAt = 0;
  instance.elapsedMs = 0;
  instance.flags = 0;
  ctx.index.dirtyOrds.add(ord);
}
