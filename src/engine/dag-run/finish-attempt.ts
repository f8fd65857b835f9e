/**
 * @module What a reported outcome does to its instance: success with its checks, skip, reschedule, failure; and the skips that a branch or a short circuit orders.
 */
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { assertNever } from "../../lib/assert.ts";
import { failTry, failWithoutReport } from "./fail-attempt.ts";
import { forEachOrd } from "./run-index.ts";
import { instanceAt, instanceName, planAt, setDue, setFacts, setState } from "./step-context.ts";
import { noteSourceChanged } from "./expand.ts";
import { notFollowed, resolveFollow, shortCircuited, speaksByIndex } from "../branching.ts";
import { orderAssetEvents } from "./asset-events.ts";
import { orderTaskCallback } from "./callbacks.ts";
import type { AttemptOutcome, AttemptReport, ErrorInfo } from "../../model/outcome.ts";
import type { InstanceFacts } from "../../model/dag-run.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

type Success = Extract<AttemptOutcome, { kind: "success" }>;

/** Applies the report of a running attempt whose token was checked and that ended at `endedAt`, by the run's clock. */
export function finishAttempt(ctx: StepContext, instance: TaskInstance, report: AttemptReport, endedAt: number): void {
  // The driver's clock may be off: its duration counts, its times do not.
  const durationMs = Math.max(0, report.endedAt - report.startedAt);
  instance.endedAt = Math.max(instance.queuedAt, endedAt);
  instance.startedAt = Math.max(instance.queuedAt, instance.endedAt - durationMs);
  instance.elapsedMs += durationMs;
  const { outcome } = report;
  const plan = planAt(ctx, instance.task);
  if (outcome.kind === "success") {
    const refused = checkSuccess(ctx, plan, instance, outcome);
    if (refused === undefined) {
      ctx.accepted.push({ ord: instance.ord, report });
      succeed(ctx, plan, instance, outcome);
      orderAssetEvents(ctx, plan, instance, { token: report.token, outcome });
      return;
    }
    // What the attempt pushed must not be seen: it is told as the failure that it is.
    const failed: AttemptOutcome = { kind: "failed", error: refused, retry: true };
    ctx.accepted.push({ ord: instance.ord, report: { ...report, outcome: failed } });
    failWithoutReport(ctx, instance, failed);
    return;
  }
  ctx.accepted.push({ ord: instance.ord, report });
  switch (outcome.kind) {
    case "failed":
      failTry(ctx, instance, outcome);
      return;
    case "skipped":
      setState(ctx, instance, "skipped");
      orderTaskCallback(ctx, instance, "skipped", { reason: outcome.reason });
      return;
    case "reschedule":
      instance.pokes += 1;
      if (instance.firstPokedAt === 0) instance.firstPokedAt = instance.startedAt;
      waitUntil(ctx, instance, "up_for_reschedule", outcome.at);
      ctx.index.dirtyOrds.add(instance.ord);
      return;
    case "deferred":
      setFacts(ctx, instance.ord, { ...ctx.run.facts.get(instance.ord), deferral: outcome.deferral });
      waitUntil(ctx, instance, "deferred", outcome.at);
      return;
    default:
      assertNever(outcome);
  }
}

/** No worker until `at`; at once again when it was woken while it looked. */
function waitUntil(
  ctx: StepContext,
  instance: TaskInstance,
  state: "up_for_reschedule" | "deferred",
  at: number,
): void {
  const isWoken = (instance.flags & TaskInstanceFlag.WOKEN) !== 0;
  setState(ctx, instance, state);
  setDue(ctx, instance, isWoken ? ctx.now : Math.max(ctx.now, at));
}

function succeed(ctx: StepContext, plan: TaskPlan, instance: TaskInstance, outcome: Success): void {
  const facts = factsOf(ctx, plan, instance, outcome);
  setFacts(ctx, instance.ord, facts);
  if (plan.mapDependants.length > 0) noteSourceChanged(ctx, instance);
  setState(ctx, instance, "success");
  orderTaskCallback(ctx, instance, "success");
  if (facts?.follow !== undefined) skipBelow(ctx, plan, instance, notFollowed(ctx.index.plan, plan, facts.follow));
  if (facts?.shortCircuited === true) skipBelow(ctx, plan, instance, shortCircuited(ctx.index.plan, plan));
}

/** Why a reported success is none: a branch to nowhere, or a value that others are mapped over but cannot be. */
function checkSuccess(
  ctx: StepContext,
  plan: TaskPlan,
  instance: TaskInstance,
  outcome: Success,
): ErrorInfo | undefined {
  const name = instanceName(ctx, instance);
  if (plan.spec.kind === "branch") {
    const answer = resolveFollow(ctx.index.plan, plan, outcome.follow ?? []);
    if (answer.kind === "unknown") {
      return {
        code: "branch_target_unknown",
        message: `Task ${name} answered with ${answer.ids.join(", ")}, which is no task or group of DAG ${ctx.run.head.dagId}; return full ids, with their group prefix.`,
      };
    }
  }
  if (instance.mapIndex >= 0) return undefined;
  for (const key of plan.spec.reportLengths) {
    if (outcome.lengths?.[key] === undefined || outcome.lengths[key] === null) {
      return {
        code: "value_not_mappable",
        message: `Task ${name} must push ${key} as a list or an object, because other tasks are mapped over it.`,
      };
    }
  }
  return undefined;
}

function factsOf(
  ctx: StepContext,
  plan: TaskPlan,
  instance: TaskInstance,
  outcome: Success,
): InstanceFacts | undefined {
  const { expandedBy } = ctx.run.facts.get(instance.ord) ?? {};
  const facts: InstanceFacts = expandedBy === undefined ? {} : { expandedBy };
  if (plan.spec.reportLengths.length > 0) facts.lengths = reportedLengths(plan, instance, outcome);
  if (plan.spec.kind === "branch") {
    const answer = resolveFollow(ctx.index.plan, plan, outcome.follow ?? []);
    if (answer.kind === "follow") facts.follow = answer.follow;
  }
  if (plan.spec.kind === "short_circuit" && outcome.shortCircuited === true) facts.shortCircuited = true;
  return Object.keys(facts).length === 0 ? undefined : facts;
}

/** Of a mapped task it only matters which of its instances pushed the value at all. */
function reportedLengths(
  plan: TaskPlan,
  instance: TaskInstance,
  outcome: Success,
): Readonly<Record<string, number | null>> {
  if (instance.mapIndex < 0) return outcome.lengths ?? {};
  const lengths: Record<string, number | null> = {};
  for (const key of plan.spec.reportLengths) {
    const isPushed = outcome.xcoms.some((xcom) => key === xcom.key || key.startsWith(`${xcom.key}.`));
    if (isPushed) lengths[key] = outcome.lengths?.[key] ?? null;
  }
  return lengths;
}

/**
 * Skips tasks below a decider, whatever they wait for: only what runs or has run is left alone. A decider with a map index speaks for that
 * index of its own group.
 */
function skipBelow(ctx: StepContext, decider: TaskPlan, instance: TaskInstance, tasks: readonly number[]): void {
  for (const task of tasks) {
    if (instance.mapIndex < 0) {
      forEachOrd(ctx.index, task, (ord) => skipUnlessRun(ctx, instanceAt(ctx.run, ord)));
      continue;
    }
    if (!speaksByIndex(decider, planAt(ctx, task))) continue;
    const ord = ctx.index.tasks[task]?.byIndex[instance.mapIndex];
    if (ord !== undefined) skipUnlessRun(ctx, instanceAt(ctx.run, ord));
  }
}

const RUN_STATES: ReadonlySet<string> = new Set(["running", "success", "failed", "skipped", "removed"]);

function skipUnlessRun(ctx: StepContext, instance: TaskInstance): void {
  if (RUN_STATES.has(instance.state)) return;
  setState(ctx, instance, "skipped");
  instance.endedAt = ctx.now;
}
