/**
 * @module From "may run" to an open attempt: ready instances by priority, limits of the run and of the task, hand-off to the calling driver or the task queues.
 */
import { KNOWN_SHORT_MS } from "../../model/task-message.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { instanceAt, newNonce, planAt, setDue, setFacts, setState } from "./step-context.ts";
import { popHeap } from "../binary-heap.ts";
import { askNext, giveBackUnused } from "./slots.ts";
import { lacksSlots, pushReady } from "./run-index.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { HandOffOffer } from "../../model/event.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskInstanceState } from "../../model/state.ts";
import type { TaskPlan } from "../plan.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

/** Time a known-short attempt must find before its driver's deadline. */
const KNOWN_SHORT_ROOM_MS = 5_000;

/** An instance whose deps are met: a new try, unless it goes on with a try that waited between two pokes or was deferred. */
export function makeReady(ctx: StepContext, plan: TaskPlan, instance: TaskInstance): void {
  if (!GOES_ON.has(instance.state)) startTry(ctx, plan, instance);
  if (plan.isInstant) {
    instance.startedAt = ctx.now;
    instance.endedAt = ctx.now;
    setState(ctx, instance, "success");
    return;
  }
  setState(ctx, instance, "scheduled");
  instance.scheduledAt = ctx.now;
  pushReady(ctx.index, instance);
}

/** States in which a try waits and then goes on. */
const GOES_ON: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>(["up_for_reschedule", "deferred"]);

/** Opens attempts for ready instances, highest priority weight first, as far as the limits allow. */
export function openAttempts(ctx: StepContext): void {
  const { run, index } = ctx;
  const limitOfRun = run.spec.maxActiveTasks > 0 ? run.spec.maxActiveTasks : Infinity;
  openGranted(ctx, limitOfRun);
  for (const task of ctx.freed) unpark(ctx, task);
  let room = ctx.input.offer?.room ?? 0;
  while (index.active + index.pending < limitOfRun) {
    if (askNext(ctx, limitOfRun)) continue;
    const top = popHeap(index.ready);
    if (top === undefined) break;
    const instance = instanceAt(run, top.value);
    if (instance.state !== "scheduled") continue;
    if (lacksSlots(index, instance)) {
      pushReady(index, instance);
      continue;
    }
    const plan = planAt(ctx, instance.task);
    const instances = index.tasks[instance.task];
    const limit = plan.spec.maxActiveTisPerDagrun;
    if (limit !== null && instances !== undefined && instances.active >= limit) {
      instances.parked.push(instance.ord);
      continue;
    }
    openAttempt(ctx, instance);
    if (room > 0 && isSuitable(run, plan.spec, ctx.input.offer, ctx.now)) {
      room -= 1;
      handOff(ctx, instance);
    } else ctx.dispatch.push(instance.ord);
  }
}

/**
 * Those that just got their slots go before anybody else asks: who was without an answer has a place kept for it. Asking first would let two of them
 * take each other's place for ever.
 */
function openGranted(ctx: StepContext, limitOfRun: number): void {
  const { run, index } = ctx;
  for (const ord of ctx.granted) {
    const instance = instanceAt(run, ord);
    if (instance.state !== "scheduled" || lacksSlots(index, instance)) continue;
    if (index.active + index.pending >= limitOfRun) giveBackUnused(ctx, instance);
    else {
      openAttempt(ctx, instance);
      ctx.dispatch.push(ord);
    }
  }
}

/** The attempt of a segment's next task, which its driver has begun at `at` under a nonce agreed upon beforehand. */
export function openFollower(
  ctx: StepContext,
  plan: TaskPlan,
  instance: TaskInstance,
  { nonce, at }: { readonly nonce: number; readonly at: number },
): void {
  makeReady(ctx, plan, instance);
  openAttempt(ctx, instance);
  startRunning(ctx, instance, ctx.input.leases.runningMs);
  instance.nonce = nonce;
  instance.scheduledAt = at;
  instance.queuedAt = at;
  instance.startedAt = at;
}

/** A task's own limit has room again: its parked instances compete by priority. */
function unpark(ctx: StepContext, task: number): void {
  const parked = ctx.index.tasks[task]?.parked;
  if (parked === undefined || parked.length === 0) return;
  for (const ord of parked.splice(0)) {
    const instance = instanceAt(ctx.run, ord);
    if (instance.state === "scheduled") pushReady(ctx.index, instance);
  }
}

/** Puts a running attempt back into the queue under a new token; its try number stays. */
export function dispatchAgain(ctx: StepContext, instance: TaskInstance): void {
  setState(ctx, instance, "queued");
  instance.startedAt = 0;
  openToken(ctx, instance);
  ctx.dispatch.push(instance.ord);
}

/** A queued attempt that nobody claimed is sent again under the same token, at doubling intervals. */
export function sendAgain(ctx: StepContext, instance: TaskInstance): void {
  instance.sends += 1;
  ctx.instances.add(instance.ord);
  setDue(ctx, instance, ctx.now + resendMs(ctx, instance));
  ctx.dispatch.push(instance.ord);
}

/** The attempt starts: state and lease. The author's `execute` callback runs in the attempt itself. */
export function startRunning(ctx: StepContext, instance: TaskInstance, leaseMs: number): void {
  setState(ctx, instance, "running");
  instance.startedAt = ctx.now;
  setDue(ctx, instance, ctx.now + leaseMs);
}

/** Longest recent attempts were under a second: packed with others, fit for a hand-off to an HTTP driver. */
export function isKnownShort(run: DagRun, spec: TaskSpec): boolean {
  const longestMs = run.longest[spec.taskId];
  return longestMs !== undefined && longestMs < KNOWN_SHORT_MS;
}

function startTry(ctx: StepContext, plan: TaskPlan, instance: TaskInstance): void {
  if (instance.tryNumber > 0) {
    ctx.xcomsCleared.add(instance.ord);
    forgetFacts(ctx, instance);
  }
  instance.tryNumber += 1;
  instance.losses = 0;
  instance.elapsedMs = 0;
  instance.queuedAt = 0;
  instance.startedAt = 0;
  instance.endedAt = 0;
  instance.pokes = 0;
  // In mode "reschedule" a sensor's time-out counts from the first poke of the first try, in mode "poke" from that of each try.
  if (plan.spec.sensor?.mode !== "reschedule") instance.firstPokedAt = 0;
}

/** Forgets what the last success left, but not how the task was expanded. */
export function forgetFacts(ctx: StepContext, instance: TaskInstance): void {
  const expandedBy = ctx.run.facts.get(instance.ord)?.expandedBy;
  setFacts(ctx, instance.ord, expandedBy === undefined ? undefined : { expandedBy });
}

function openAttempt(ctx: StepContext, instance: TaskInstance): void {
  setState(ctx, instance, "queued");
  instance.queuedAt = ctx.now;
  openToken(ctx, instance);
}

function openToken(ctx: StepContext, instance: TaskInstance): void {
  instance.nonce = newNonce(ctx);
  instance.sends = 1;
  instance.flags &= ~TaskInstanceFlag.HANDED_OFF;
  setDue(ctx, instance, ctx.now + resendMs(ctx, instance));
}

function resendMs(ctx: StepContext, instance: TaskInstance): number {
  const { queuedMs, queuedMaxMs } = ctx.input.leases;
  return Math.min(queuedMs * 2 ** (instance.sends - 1), queuedMaxMs);
}

function handOff(ctx: StepContext, instance: TaskInstance): void {
  startRunning(ctx, instance, ctx.input.leases.handedOffMs);
  instance.flags |= TaskInstanceFlag.HANDED_OFF;
  ctx.handOff.push(instance.ord);
}

/** May the calling driver take this attempt along? */
function isSuitable(run: DagRun, spec: TaskSpec, offer: HandOffOffer | undefined, now: number): boolean {
  if (offer === undefined || spec.isolate || spec.queue !== "default") return false;
  const isShort = isKnownShort(run, spec);
  if (offer.driver === "http" && !isShort && spec.executor !== "direct") return false;
  return now + (isShort ? KNOWN_SHORT_ROOM_MS : spec.executionTimeoutMs) <= offer.deadlineAt;
}
