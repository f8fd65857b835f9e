/**
 * @module The trigger rule: are the upstream tasks in the states that it asks for?
 */
import { countsOf, triggerRuleDecision } from "../dag-run/decide.ts";
import { doneCount } from "../upstream-counts.ts";
import type { Dep } from "./dep.ts";
import type { UpstreamCounts } from "../upstream-counts.ts";

export const triggerRuleDep: Dep = ({ index, plan, instance }) => {
  const dep = "Trigger Rule";
  if (plan.upstream.length === 0) return { dep, passed: true, reason: "The task has no upstream tasks." };
  const decision = triggerRuleDecision(index, plan, instance);
  const direct = countsOf(index, "direct", instance);
  const parts = [`Trigger rule ${plan.rule}: of ${direct.total} upstream task instance(s) ${inWords(direct)}.`];
  const setups = countsOf(index, "setup", instance);
  if (setups.success < setups.total) parts.push(`Setups that must succeed before it: ${inWords(setups)}.`);
  const scope = countsOf(index, "scope", instance);
  const unfinished = scope.total - doneCount(scope);
  if (unfinished > 0)
    parts.push(`As a teardown it waits for ${unfinished} more task instance(s) between its setup and itself.`);
  return { dep, passed: decision === "run", reason: parts.join(" ") };
};

function inWords(c: UpstreamCounts): string {
  const parts: readonly (readonly [number, string])[] = [
    [c.success, "succeeded"],
    [c.failed, "failed"],
    [c.upstreamFailed, "had a failed upstream"],
    [c.skipped, "were skipped"],
    [c.removed, "were removed"],
    [c.total - doneCount(c), "are not finished"],
  ];
  const told = parts.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  return told.length === 0 ? "none count for it" : told.join(", ");
}
