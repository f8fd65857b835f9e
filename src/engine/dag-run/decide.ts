/**
 * @module May this instance run now? The decision that the engine acts on; `deps/` tells the same in sentences.
 */
import { RULES_OF_OWN_INDEX, TRIGGER_RULE_DECISIONS, setupDecision } from "../trigger-rule.ts";
import { doneCount, sumCounts } from "../upstream-counts.ts";
import { standingExclusion } from "../branching.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { EdgeKind, TaskPlan } from "../plan.ts";
import type { RunIndex } from "./run-index.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TriggerDecision } from "../trigger-rule.ts";
import type { UpstreamCounts } from "../upstream-counts.ts";

/** What the graph says about one instance; limits, retry times and the past are other deps. */
export function decide(run: DagRun, index: RunIndex, plan: TaskPlan, instance: TaskInstance): TriggerDecision {
  if (plan.deciders.length > 0 && standingExclusion(run, index, instance) !== undefined) return "skipped";
  const rule = triggerRuleDecision(index, plan, instance);
  if (plan.mapSources.length === 0 || rule === "upstream_failed") return rule;
  return mapSourceDecision(run, index, plan) ?? rule;
}

/** The trigger rule with its setup constraint before it and the teardown's scope behind it. */
export function triggerRuleDecision(index: RunIndex, plan: TaskPlan, instance: TaskInstance): TriggerDecision {
  if (plan.counts.length === 0 || plan.rule === "always") return "run";
  if (instance.mapIndex < 0 && expandsBeforeRule(index, plan)) return "run";
  const setups = countsOf(index, "setup", instance);
  if (setups.total > 0) {
    const decision = setupDecision(setups, instance.mapIndex);
    if (decision !== "run") return decision;
  }
  const direct = countsOf(index, "direct", instance);
  // Every upstream instance belongs to other indexes of the own group: this placeholder is only to be expanded.
  if (direct.total === 0) return "run";
  const decision = TRIGGER_RULE_DECISIONS[plan.rule](direct, instance.mapIndex);
  if (decision !== "run") return decision;
  const scope = countsOf(index, "scope", instance);
  return doneCount(scope) < scope.total ? "wait" : "run";
}

/** Upstream instances of one kind that matter to an instance. */
export function countsOf(index: RunIndex, kind: EdgeKind, instance: TaskInstance): UpstreamCounts {
  return sumCounts(index.shared[kind][instance.task], index.own[kind][instance.ord]);
}

/**
 * In a mapped group, rules that look for one upstream instance of the own index can only be judged when the own index exists:
 * the placeholder is expanded as soon as its upstream is.
 */
function expandsBeforeRule(index: RunIndex, plan: TaskPlan): boolean {
  return (
    plan.hasAligned &&
    RULES_OF_OWN_INDEX.has(plan.rule) &&
    plan.counts.some(
      (edge) => edge.aligned && edge.kind === "direct" && (index.tasks[edge.task]?.placeholder ?? -1) < 0,
    )
  );
}

/**
 * A mapped instance does not run when a task that it is mapped over ended badly, whatever its trigger rule.
 * An expanded source counts as good: its instances speak through the trigger rule.
 */
export function mapSourceDecision(run: DagRun, index: RunIndex, plan: TaskPlan): TriggerDecision | undefined {
  let answer: TriggerDecision | undefined;
  for (const source of plan.mapSources) {
    const state = run.instances[index.tasks[source]?.placeholder ?? -1]?.state;
    if (state === "failed" || state === "upstream_failed") return "upstream_failed";
    if (state === "skipped") answer = "skipped";
    else if (state === "removed") answer ??= "wait";
  }
  return answer;
}
