/**
 * @module Slots that instances of a run hold: which states keep them, giving them back, and when their leases must be looked after. Every change of
 * state passes `leaveSlots`, so that no slot is forgotten.
 */
import { OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { noteAsking } from "./run-index.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { LeaseSettings } from "../../model/event.ts";
import type { RunIndex } from "./run-index.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

/** Renewed when a third of the lease is over; without an answer again after a twelfth. */
const RENEW_AFTER = 1 / 3;
const RENEW_AGAIN = 1 / 12;

/** After a change of state: gives back what the new state does not hold. */
export function leaveSlots(ctx: StepContext, instance: TaskInstance): void {
  const plan = ctx.index.plan.tasks[instance.task];
  if (plan === undefined || !keepsSlots(plan, instance)) dropSlots(ctx, instance);
}

/** Slots count for what is queued or runs; between two pokes of a sensor in mode `poke`, as its worker would in Airflow; and while deferred if the pool says so. */
function keepsSlots({ spec }: TaskPlan, { state, flags }: TaskInstance): boolean {
  if (state === "scheduled" || OPEN_ATTEMPT_STATES.has(state)) return true;
  if (state === "up_for_reschedule") return spec.sensor?.mode === "poke";
  return state === "deferred" && (flags & TaskInstanceFlag.KEEPS_SLOTS_DEFERRED) !== 0;
}

/** Gives back everything held, and the place in the waiting list. */
export function dropSlots(ctx: StepContext, instance: TaskInstance): void {
  const { index } = ctx;
  const { ord, slotAsk } = instance;
  const isAsking = index.asking.has(ord);
  const limits = (index.plan.tasks[instance.task]?.limits ?? []).slice(0, instance.slotsHeld + Number(isAsking));
  if (limits.length === 0) return;
  for (const { name } of limits) ctx.releases.push({ limit: name, ord, ask: slotAsk });
  instance.slotsHeld = 0;
  instance.slotUntil = 0;
  index.holding.delete(ord);
  ctx.leases.add(ord);
  if (!isAsking) return;
  noteAsking(index, instance, null);
  instance.sends = 0;
  instance.dueAt = 0;
  // Those that asked counted against the task's own limit, too.
  ctx.freed.add(instance.task);
}

/** When slots must be renewed or given up; null while none are held. */
export function slotsDueAt(run: DagRun, index: RunIndex, leases: LeaseSettings): number | null {
  if (index.holding.size === 0) return null;
  let until = Infinity;
  for (const ord of index.holding) until = Math.min(until, run.instances[ord]?.slotUntil ?? Infinity);
  const renewAt = until - leases.slotMs * (1 - RENEW_AFTER);
  return Math.max(renewAt, index.renewAskedAt + leases.slotMs * RENEW_AGAIN);
}
