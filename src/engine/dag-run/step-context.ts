/**
 * @module The working state of one step: the run, its index, and everything the step changes and asks for. Handlers change a run only through here.
 */
import {
  FINISHED_RUN_STATES,
  FINISHED_STATES,
  OPEN_ATTEMPT_STATES,
  TASK_INSTANCE_TRANSITIONS,
} from "../../model/state.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { assert } from "../../lib/assert.ts";
import { countOwn, noteDue, runIndexOf, tallyState } from "./run-index.ts";
import { countState } from "../upstream-counts.ts";
import { deriveNonce } from "../../lib/random.ts";
import { nextDueAt } from "./due.ts";
import { leaveSlots, slotsDueAt } from "./held-slots.ts";
import type { AttemptReport, ErrorInfo } from "../../model/outcome.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { Command, SlotRelease, StepResult } from "../../model/command.ts";
import type { DagRun, InstanceFacts } from "../../model/dag-run.ts";
import type { RunIndex } from "./run-index.ts";
import type { StepInput } from "../../model/event.ts";
import type { TaskInstance, TryRecord } from "../../model/task-instance.ts";
import type { TaskInstanceState } from "../../model/state.ts";
import type { TaskPlan } from "../plan.ts";

export interface StepContext {
  readonly run: DagRun;
  index: RunIndex;
  readonly input: StepInput;
  readonly now: number;
  /** Nonces handed out in this step. */
  nonces: number;
  headChanged: boolean;
  /** Missed times were judged: stored, but not news. */
  toldChanged: boolean;
  readonly instances: Set<number>;
  /** Tasks that lost an active instance: their own limit has room again. */
  readonly freed: Set<number>;
  /** Changed in nothing but a lease: stored, but not news for the feed and the mirror. */
  readonly leases: Set<number>;
  readonly facts: Set<number>;
  readonly tries: TryRecord[];
  readonly accepted: { ord: number; report: AttemptReport }[];
  readonly stale: AttemptToken[];
  readonly xcomsCleared: Set<number>;
  readonly errors: { ord: number; error: ErrorInfo }[];
  readonly notes: { ord: number; note: string | null }[];
  readonly dispatch: number[];
  readonly handOff: number[];
  readonly commands: Command[];
  readonly asks: Set<number>;
  readonly renewals: number[];
  readonly releases: SlotRelease[];
  /** Got the last of their slots in this step. */
  readonly granted: number[];
}

export function openStep(run: DagRun, input: StepInput): StepContext {
  const now = Math.max(input.now, run.head.lastNow);
  run.head.lastNow = now;
  return {
    run,
    index: runIndexOf(run),
    input,
    now,
    nonces: 0,
    headChanged: false,
    toldChanged: false,
    instances: new Set(),
    freed: new Set(),
    leases: new Set(),
    facts: new Set(),
    tries: [],
    accepted: [],
    stale: [],
    xcomsCleared: new Set(),
    errors: [],
    notes: [],
    dispatch: [],
    handOff: [],
    commands: [],
    asks: new Set(),
    renewals: [],
    releases: [],
    granted: [],
  };
}

/** Numbers the changes and hands them out. `wakeAt`: a further time at which the run wants to be looked at. */
export function closeStep(ctx: StepContext, wakeAt: number | null): StepResult {
  const { run } = ctx;
  assert(
    !FINISHED_RUN_STATES.has(run.head.state) || ctx.index.active === 0,
    `run ${run.head.dagId}/${run.head.runId} is ${run.head.state} with ${ctx.index.active} open attempts`,
  );
  const news = ctx.headChanged || ctx.instances.size > 0 || ctx.facts.size > 0 || ctx.notes.length > 0;
  if (news) {
    run.head.seq += 1;
    for (const ord of ctx.instances) instanceAt(run, ord).seq = run.head.seq;
  }
  for (const ord of ctx.leases) ctx.instances.add(ord);
  const { dagrunTimeoutMs } = run.spec;
  const timeoutAt =
    run.head.state === "running" && dagrunTimeoutMs !== null && run.head.startedAt !== null
      ? run.head.startedAt + dagrunTimeoutMs
      : null;
  const times = [nextDueAt(run, ctx.index), timeoutAt, slotsDueAt(run, ctx.index, ctx.input.leases), wakeAt];
  return {
    changed: news || ctx.toldChanged || ctx.leases.size > 0 || ctx.commands.length > 0 || ctx.accepted.length > 0,
    instances: [...ctx.instances],
    facts: [...ctx.facts],
    tries: ctx.tries,
    accepted: ctx.accepted,
    stale: ctx.stale,
    xcomsCleared: [...ctx.xcomsCleared],
    errors: ctx.errors,
    notes: ctx.notes,
    // What was opened and closed again in this very step is not sent.
    dispatch: ctx.dispatch.filter((ord) => run.instances[ord]?.state === "queued"),
    handOff: ctx.handOff.filter((ord) => run.instances[ord]?.state === "running"),
    commands: ctx.commands,
    asks: [...ctx.asks].filter((ord) => ctx.index.asking.has(ord)),
    renewals: ctx.renewals,
    releases: ctx.releases,
    nextWakeAt: earliest(times),
  };
}

function earliest(times: readonly (number | null)[]): number | null {
  let first: number | null = null;
  for (const at of times) if (at !== null && (first === null || at < first)) first = at;
  return first;
}

export function instanceAt(run: DagRun, ord: number): TaskInstance {
  const instance = run.instances[ord];
  assert(instance !== undefined, `run ${run.head.dagId}/${run.head.runId} has no instance ${ord}`);
  return instance;
}

export function planAt(ctx: StepContext, task: number): TaskPlan {
  const plan = ctx.index.plan.tasks[task];
  assert(plan !== undefined, `DAG ${ctx.run.head.dagId} has no task number ${task}`);
  return plan;
}

/** `extract` or `extract[2]`: how messages name an instance. */
export function instanceName(ctx: StepContext, instance: TaskInstance): string {
  const { taskId } = planAt(ctx, instance.task).spec;
  return instance.mapIndex < 0 ? taskId : `${taskId}[${instance.mapIndex}]`;
}

/** The next nonce of this step. */
export function newNonce(ctx: StepContext): number {
  ctx.nonces += 1;
  return deriveNonce(ctx.input.seed, ctx.nonces);
}

/**
 * The only way an instance changes its state. Keeps the sums, the counts of the tasks behind it and the work list, closes the attempt
 * when the new state has none. Throws `InvariantError` for a transition that the table does not have, unless a user asked for it (`forced`).
 */
export function setState(ctx: StepContext, instance: TaskInstance, to: TaskInstanceState, forced = false): void {
  const from = instance.state;
  if (from === to && !OPEN_ATTEMPT_STATES.has(to)) return;
  assert(
    forced || TASK_INSTANCE_TRANSITIONS[from].includes(to),
    `task instance ${instanceName(ctx, instance)} of run ${ctx.run.head.dagId}/${ctx.run.head.runId} cannot go from ${from} to ${to}`,
  );
  instance.state = to;
  ctx.instances.add(instance.ord);
  if (instance.slotsHeld > 0 || from === "scheduled") leaveSlots(ctx, instance);
  tallyState(ctx.index, instance, from, -1);
  tallyState(ctx.index, instance, to, 1);
  if (!OPEN_ATTEMPT_STATES.has(to)) {
    instance.nonce = 0;
    instance.sends = 0;
    instance.dueAt = 0;
    instance.flags &= ~ATTEMPT_FLAGS;
    if (OPEN_ATTEMPT_STATES.has(from)) ctx.freed.add(instance.task);
  }
  if (FINISHED_STATES.has(from) || FINISHED_STATES.has(to)) countForDependants(ctx, instance, from, to);
}

/** These speak of an open attempt. */
const ATTEMPT_FLAGS = TaskInstanceFlag.HANDED_OFF | TaskInstanceFlag.SEND_ALONE | TaskInstanceFlag.WOKEN;

export function setDue(ctx: StepContext, instance: TaskInstance, at: number): void {
  instance.dueAt = at;
  noteDue(ctx.index, instance);
}

function countForDependants(
  ctx: StepContext,
  instance: TaskInstance,
  from: TaskInstanceState,
  to: TaskInstanceState,
): void {
  const { index } = ctx;
  const plan = planAt(ctx, instance.task);
  // Tasks inside a mapped group need not be directly behind what the group is expanded over.
  for (const task of plan.mapDependants) index.dirtyTasks.add(task);
  for (const edge of plan.countedBy) {
    if (edge.aligned) {
      countForAligned(ctx, instance, edge.task);
      continue;
    }
    const counts = index.shared[edge.kind][edge.task];
    if (counts === undefined) continue;
    countState(counts, from, plan.spec.isSetup, -1);
    countState(counts, to, plan.spec.isSetup, 1);
    index.dirtyTasks.add(edge.task);
  }
}

/** The instance of the same index, and one not expanded yet; all of them when this one is not expanded itself. */
function countForAligned(ctx: StepContext, instance: TaskInstance, task: number): void {
  const others = ctx.index.tasks[task];
  if (others === undefined) return;
  const touched = instance.mapIndex < 0 ? others.byIndex : [others.byIndex[instance.mapIndex]];
  for (const ord of [others.placeholder, ...touched]) {
    if (ord === undefined || ord < 0) continue;
    countOwn(ctx.run, ctx.index, ord);
    ctx.index.dirtyOrds.add(ord);
  }
}

/** Changes what an instance's last success left behind; undefined removes it. */
export function setFacts(ctx: StepContext, ord: number, facts: InstanceFacts | undefined): void {
  if (facts === undefined && !ctx.run.facts.has(ord)) return;
  if (facts === undefined) ctx.run.facts.delete(ord);
  else ctx.run.facts.set(ord, facts);
  ctx.facts.add(ord);
}
