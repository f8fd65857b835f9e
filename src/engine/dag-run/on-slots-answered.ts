/**
 * @module What limits across runs say. Each word names an acquisition: one about an older acquisition changes nothing, and slots that nobody wants any
 * more are given back.
 */
import { loseSlots, takeSlots } from "./slots.ts";
import { noteAsking } from "./run-index.ts";
import { planAt } from "./step-context.ts";
import type { Handler } from "./handlers.ts";
import type { SlotGrant, SlotRef } from "../../model/slot.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Limits that renewed an instance's slots in this event, and the earliest end. */
type Renewed = Map<number, { count: number; until: number }>;

export const onSlotsAnswered: Handler<"slots-answered"> = (ctx, { words }) => {
  const renewed: Renewed = new Map();
  for (const { limit, granted, waiting, gone } of words) {
    for (const grant of granted) onGranted(ctx, limit, grant, renewed);
    for (const { reason, ...ref } of waiting) {
      const instance = askerOf(ctx, limit, ref);
      if (instance === undefined) continue;
      noteAsking(ctx.index, instance, "waiting");
      ctx.index.slotReasons.set(instance.ord, reason);
    }
    for (const ref of gone) {
      const instance = ctx.run.instances[ref.ord];
      if (instance?.slotAsk === ref.ask && instance.slotsHeld > 0) loseSlots(ctx, instance);
    }
  }
  for (const [ord, { count, until }] of renewed) {
    const instance = ctx.run.instances[ord];
    if (instance === undefined || count < instance.slotsHeld) continue;
    instance.slotUntil = until;
    ctx.leases.add(ord);
  }
};

function onGranted(ctx: StepContext, limit: string, grant: SlotGrant, renewed: Renewed): void {
  const { ord, ask, until, includeDeferred } = grant;
  const asker = askerOf(ctx, limit, grant);
  if (asker !== undefined && until - ctx.input.leases.slotGuardMs > ctx.now) {
    takeSlots(ctx, asker, until, includeDeferred);
    return;
  }
  const instance = ctx.run.instances[ord];
  if (instance?.slotAsk === ask && holds(ctx, instance, limit)) {
    const so = renewed.get(ord) ?? { count: 0, until: Infinity };
    renewed.set(ord, { count: so.count + 1, until: Math.min(so.until, until) });
  } else if (asker === undefined) ctx.releases.push({ limit, ord, ask });
}

/** The instance that asks this limit under this number. */
function askerOf(ctx: StepContext, limit: string, { ord, ask }: SlotRef): TaskInstance | undefined {
  const instance = ctx.run.instances[ord];
  if (instance === undefined || instance.slotAsk !== ask || !ctx.index.asking.has(ord)) return undefined;
  return planAt(ctx, instance.task).limits[instance.slotsHeld]?.name === limit ? instance : undefined;
}

function holds(ctx: StepContext, instance: TaskInstance, limit: string): boolean {
  const { limits } = planAt(ctx, instance.task);
  return limits.slice(0, instance.slotsHeld).some(({ name }) => name === limit);
}
