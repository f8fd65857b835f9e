/**
 * @module Linear segments: a driver that has finished a task goes on with the only task behind it before it reports, and reports both together.
 *
 * The token of that follower is agreed upon beforehand (derived from the one before), so nothing about it is stored until a report says
 * `continuedBy`. A report that is refused, lost or a failure leaves the follower as it was: it was never opened. Same history, fewer calls.
 */
import { decide } from "./decide.ts";
import { deriveNonce } from "../../lib/random.ts";
import { instanceAt, planAt } from "./step-context.ts";
import { isKnownShort, openFollower } from "./dispatch.ts";
import { parseAttemptToken } from "../../model/ids.ts";
import { planOf } from "../plan.ts";
import { runIndexOf } from "./run-index.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

/** Any number that no dispatch of a step uses would do; steps count theirs from one. */
const FOLLOWER = 0;

/** The nonce under which the follower of an attempt with this nonce runs. */
export function followerNonce(nonce: number): number {
  return deriveNonce(nonce, FOLLOWER);
}

/**
 * The instance that a driver may run right behind this one: the only task behind it, which waits for nothing else. Both are known short, so that
 * one lease covers them; undefined where anything but an order of two plain tasks is at stake.
 */
export function followerOf(run: DagRun, ord: number): TaskInstance | undefined {
  const plan = planOf(run.spec);
  const instance = run.instances[ord];
  const before = instance === undefined ? undefined : plan.tasks[instance.task];
  if (before === undefined || before.downstream.length !== 1 || !isPlain(run, before)) return undefined;
  const task = before.downstream[0] ?? -1;
  const after = plan.tasks[task];
  if (after === undefined || after.counts.length !== 1 || !isPlain(run, after)) return undefined;
  const { triggerRule, maxActiveTisPerDagrun } = after.spec;
  if (triggerRule !== "all_success" || maxActiveTisPerDagrun !== null || after.watchesPast) return undefined;
  const follower = run.instances[runIndexOf(run).tasks[task]?.placeholder ?? -1];
  return follower?.state === "none" ? follower : undefined;
}

/** Under a limit across runs: each attempt needs a slot of its own. */
function hasLimits(run: DagRun, plan: TaskPlan): boolean {
  return plan.ownLimits > 0 || (run.limitsDefaultPool && plan.limits.length > 0);
}

/** An ordinary task of the default queue without indexes, whose attempts are short. */
function isPlain(run: DagRun, plan: TaskPlan): boolean {
  const { spec, expand, mappedGroup, mapDependants, isInstant } = plan;
  return (
    spec.kind === "task" &&
    !isInstant &&
    !hasLimits(run, plan) &&
    expand === null &&
    mappedGroup === null &&
    mapDependants.length === 0 &&
    !spec.isSetup &&
    !spec.isTeardown &&
    !spec.isolate &&
    spec.queue === "default" &&
    isKnownShort(run, spec)
  );
}

/**
 * The driver of a just accepted report runs the follower already: it is opened under the agreed token. False when it may not run (the report was
 * no success, a user was faster): the driver is to drop it.
 */
export function continueSegment(
  ctx: StepContext,
  finished: TaskInstance,
  nonce: number,
  continuedBy: AttemptToken,
): boolean {
  if (finished.state !== "success" || ctx.run.head.state !== "running") return false;
  const follower = followerOf(ctx.run, finished.ord);
  const token = parseAttemptToken(continuedBy);
  if (follower === undefined || token?.ord !== follower.ord || token.nonce !== followerNonce(nonce)) return false;
  const plan = planAt(ctx, follower.task);
  if (decide(ctx.run, ctx.index, plan, instanceAt(ctx.run, follower.ord)) !== "run") return false;
  openFollower(ctx, plan, follower, { nonce: token.nonce, at: finished.endedAt });
  return true;
}
