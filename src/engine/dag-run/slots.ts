/**
 * @module Slots of limits across runs, as one run sees them: who asks, who holds, what is given back when. The limits themselves belong to other objects.
 *
 * 1. An instance asks its task's limits one after the other and is opened when it holds them all; it stays `scheduled` until then.
 * 2. It gives them back whenever its new state holds none (`held-slots.ts`).
 * 3. No more ask than the run has room for. Room is kept for those that have no answer yet, so that nothing of lower priority takes their place.
 * 4. Slots are leases: they are renewed here, and an attempt whose slots cannot be renewed is stopped before somebody else gets them.
 */
import { dropSlots, slotsDueAt } from "./held-slots.ts";
import { OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { instanceAt, planAt, setDue, setState } from "./step-context.ts";
import { lacksSlots, noteAsking, pushReady, runIndexOf } from "./run-index.ts";
import { popHeap } from "../binary-heap.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { SlotLimit, SlotRef, SlotRequest } from "../../model/slot.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** A request is repeated at doubling intervals up to this many times the first: an answer may have been lost. */
const ASK_AGAIN_MAX = 4;

/** Lets the most urgent instance that wants slots ask for them. False: none may, or one that needs none goes first. */
export function askNext(ctx: StepContext, limitOfRun: number): boolean {
  const { index } = ctx;
  const top = index.wanting[0];
  if (top === undefined || index.active + index.asking.size >= limitOfRun) return false;
  const ready = index.ready[0];
  if (ready !== undefined && ready.key < top.key) return false;
  popHeap(index.wanting);
  const instance = instanceAt(ctx.run, top.value);
  if (instance.state !== "scheduled" || index.asking.has(top.value) || !lacksSlots(index, instance)) return true;
  const instances = index.tasks[instance.task];
  const limit = planAt(ctx, instance.task).spec.maxActiveTisPerDagrun;
  if (limit !== null && instances !== undefined && instances.active + instances.asking >= limit) {
    instances.parked.push(instance.ord);
    return true;
  }
  if (instance.slotsHeld === 0) instance.slotAsk += 1;
  ask(ctx, instance);
  return true;
}

/** Asks the next limit. The request is repeated from the timer until an answer has come. */
function ask(ctx: StepContext, instance: TaskInstance): void {
  noteAsking(ctx.index, instance, "pending");
  instance.sends = 1;
  sendAsk(ctx, instance);
}

/** No grant has come for long: the question may have been lost, or its answer. */
export function askAgain(ctx: StepContext, instance: TaskInstance): void {
  if (!ctx.index.asking.has(instance.ord)) {
    setDue(ctx, instance, 0);
    ctx.leases.add(instance.ord);
    return;
  }
  instance.sends += 1;
  sendAsk(ctx, instance);
}

function sendAsk(ctx: StepContext, instance: TaskInstance): void {
  const { queuedMs } = ctx.input.leases;
  ctx.asks.add(instance.ord);
  ctx.leases.add(instance.ord);
  setDue(ctx, instance, ctx.now + queuedMs * Math.min(2 ** (instance.sends - 1), ASK_AGAIN_MAX));
}

/** A limit gave slots: the next one is asked, or the instance may be opened. */
export function takeSlots(ctx: StepContext, instance: TaskInstance, until: number, includeDeferred: boolean): void {
  const { index } = ctx;
  instance.slotUntil = instance.slotsHeld === 0 ? until : Math.min(instance.slotUntil, until);
  instance.slotsHeld += 1;
  instance.flags &= ~TaskInstanceFlag.KEEPS_SLOTS_DEFERRED;
  if (includeDeferred) instance.flags |= TaskInstanceFlag.KEEPS_SLOTS_DEFERRED;
  index.holding.add(instance.ord);
  ctx.leases.add(instance.ord);
  noteAsking(index, instance, null);
  if (lacksSlots(index, instance)) {
    ask(ctx, instance);
    return;
  }
  instance.sends = 0;
  instance.dueAt = 0;
  ctx.granted.push(instance.ord);
}

/** The run has filled up while it waited: slots that it cannot use now must not be kept from others. */
export function giveBackUnused(ctx: StepContext, instance: TaskInstance): void {
  dropSlots(ctx, instance);
  pushReady(ctx.index, instance);
}

/** The slots are somebody else's now: an open attempt is fenced off and the instance asks again. */
export function loseSlots(ctx: StepContext, instance: TaskInstance): void {
  dropSlots(ctx, instance);
  if (OPEN_ATTEMPT_STATES.has(instance.state)) {
    setState(ctx, instance, "scheduled");
    instance.startedAt = 0;
  }
  if (instance.state === "scheduled") pushReady(ctx.index, instance);
}

/** The alarm: slots that could not be renewed are lost, the others are renewed in time. */
export function lookAfterSlots(ctx: StepContext): void {
  const { index, now } = ctx;
  const { leases } = ctx.input;
  const at = slotsDueAt(ctx.run, index, leases);
  if (at === null || at > now) return;
  for (const ord of index.holding) {
    const instance = instanceAt(ctx.run, ord);
    if (instance.slotUntil - leases.slotGuardMs <= now) loseSlots(ctx, instance);
    else ctx.renewals.push(ord);
  }
  index.renewAskedAt = now;
}

/** What an instance asks, and of which limit; undefined when it asks nothing. */
export function askOf(
  run: DagRun,
  ord: number,
): { readonly limit: SlotLimit; readonly request: SlotRequest } | undefined {
  const index = runIndexOf(run);
  const instance = run.instances[ord];
  const limit = instance === undefined ? undefined : index.plan.tasks[instance.task]?.limits[instance.slotsHeld];
  if (instance === undefined || limit === undefined || !index.asking.has(ord)) return undefined;
  const { logicalDate, runAfter } = run.head;
  const request = {
    ord,
    ask: instance.slotAsk,
    slots: limit.slots,
    priority: index.plan.weights()[instance.task] ?? 0,
    since: logicalDate ?? runAfter,
    mapIndex: instance.mapIndex,
  };
  return { limit, request };
}

/** The slots that an instance holds. */
export function heldSlots(run: DagRun, ord: number): readonly { readonly limit: SlotLimit; readonly ref: SlotRef }[] {
  const instance = run.instances[ord];
  if (instance === undefined || instance.slotsHeld === 0) return [];
  const limits = runIndexOf(run).plan.tasks[instance.task]?.limits ?? [];
  return limits.slice(0, instance.slotsHeld).map((limit) => ({ limit, ref: { ord, ask: instance.slotAsk } }));
}
