/**
 * @module Airflow's 13 trigger rules, each a function of the counts of upstream states. A rule answers with a state as soon as the result is certain,
 * even while others still run: that is why `all_success` behind a skip and a failure depends on which came first, in Airflow too.
 */
import { doneCount } from "./upstream-counts.ts";
import type { TriggerRule } from "../model/trigger-rule.ts";
import type { UpstreamCounts } from "./upstream-counts.ts";

/** `run`: the rule is met. `wait`: not decided yet. Else the end state that the instance gets without running. */
export type TriggerDecision = "run" | "wait" | "skipped" | "upstream_failed" | "removed";

/** `mapIndex` is -1 for an unmapped instance. Called only with at least one upstream instance. */
type Rule = (c: UpstreamCounts, mapIndex: number) => TriggerDecision;

const runIf = (met: boolean): TriggerDecision => (met ? "run" : "wait");
const isDone = (c: UpstreamCounts): boolean => doneCount(c) >= c.total;
const failures = (c: UpstreamCounts): number => c.failed + c.upstreamFailed;

const allSuccess: Rule = (c, mapIndex) => {
  if (failures(c) > 0) return "upstream_failed";
  if (c.skipped > 0) return "skipped";
  // The upstream mapped task became shorter: what stood on its vanished instances goes too.
  if (c.removed > 0 && c.success > 0 && mapIndex >= c.success) return "removed";
  return runIf(c.success + c.removed >= c.total);
};

const noneFailed: Rule = (c) => {
  if (failures(c) > 0) return "upstream_failed";
  return runIf(c.success + c.skipped + c.removed >= c.total);
};

/** Each rule by name. */
export const TRIGGER_RULE_DECISIONS: Readonly<Record<TriggerRule, Rule>> = {
  always: () => "run",
  all_success: allSuccess,
  all_failed: (c) => {
    if (c.success > 0 || c.skipped > 0) return "skipped";
    return runIf(failures(c) + c.removed >= c.total);
  },
  all_done: (c) => runIf(isDone(c)),
  all_skipped: (c) => {
    if (c.success > 0 || failures(c) > 0) return "skipped";
    return runIf(c.skipped >= c.total);
  },
  one_success: (c) => {
    if (c.success > 0) return "run";
    if (!isDone(c)) return "wait";
    return doneCount(c) === c.skipped ? "skipped" : "upstream_failed";
  },
  one_failed: (c) => {
    if (failures(c) > 0) return "run";
    return isDone(c) ? "skipped" : "wait";
  },
  one_done: (c) => {
    if (c.success + c.failed > 0) return "run";
    return isDone(c) ? "skipped" : "wait";
  },
  none_failed: noneFailed,
  none_failed_min_one_success: (c) => {
    if (failures(c) > 0) return "upstream_failed";
    if (c.skipped >= c.total) return "skipped";
    if (!isDone(c)) return "wait";
    // Only removed and skipped ones: nothing succeeded and nothing will.
    return c.success === 0 ? "upstream_failed" : "run";
  },
  none_skipped: (c) => {
    if (c.skipped > 0) return "skipped";
    return runIf(isDone(c));
  },
  all_done_min_one_success: (c) => {
    // A skipped upstream task never counts as done for this rule.
    if (c.skipped > 0) return "skipped";
    if (!isDone(c)) return "wait";
    return c.success === 0 ? "upstream_failed" : "run";
  },
  all_done_setup_success: (c) => {
    if (!isDone(c)) return "wait";
    if (c.setups === 0) return "run";
    if (c.setupSkipped >= c.setups) return "skipped";
    return c.setupSuccess === 0 ? "upstream_failed" : "run";
  },
};

/** Rules that cannot be judged for a mapped group's task before its instances exist: they need one upstream instance of the own index. */
export const RULES_OF_OWN_INDEX: ReadonlySet<TriggerRule> = new Set<TriggerRule>([
  "all_failed",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed_min_one_success",
  "all_done_min_one_success",
  "all_done_setup_success",
]);

/**
 * What setups that are not direct upstream tasks say: each must have succeeded before anything in their scope runs.
 * A removed one blocks an unmapped task and is left out for a mapped one, as in Airflow.
 */
export function setupDecision(c: UpstreamCounts, mapIndex: number): TriggerDecision {
  if (failures(c) > 0) return "upstream_failed";
  if (c.skipped > 0) return "skipped";
  if (c.removed > 0 && c.success > 0 && mapIndex >= c.success) return "removed";
  return runIf(c.success + (mapIndex >= 0 ? c.removed : 0) >= c.total);
}
