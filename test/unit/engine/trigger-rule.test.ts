/**
 * @module The 13 trigger rules as a table; Airflow's own answers are in test/conformance.
 */
import { TRIGGER_RULE_DECISIONS, setupDecision } from "../../../src/engine/trigger-rule.ts";
import { countInstance, noCounts } from "../../../src/engine/upstream-counts.ts";
import { describe, expect, it } from "vitest";
import type { TaskInstanceState } from "../../../src/model/state.ts";
import type { TriggerRule } from "../../../src/model/trigger-rule.ts";
import type { UpstreamCounts } from "../../../src/engine/upstream-counts.ts";

const LETTERS: Readonly<Record<string, TaskInstanceState>> = {
  s: "success",
  f: "failed",
  u: "upstream_failed",
  k: "skipped",
  x: "removed",
  r: "running",
};

/** `sf` = one success, one failed. A capital letter is a setup. */
function counts(letters: string): UpstreamCounts {
  const c = noCounts();
  for (const letter of letters) {
    const isSetup = letter === letter.toUpperCase();
    countInstance(c, LETTERS[letter.toLowerCase()] ?? "none", isSetup, 1);
  }
  return c;
}

const CASES: readonly (readonly [TriggerRule, string, string])[] = [
  ["all_success", "ss", "run"],
  ["all_success", "sr", "wait"],
  ["all_success", "rf", "upstream_failed"],
  ["all_success", "rk", "skipped"],
  ["all_success", "kf", "upstream_failed"],
  ["all_success", "sx", "run"],
  ["all_failed", "fu", "run"],
  ["all_failed", "fr", "wait"],
  ["all_failed", "rs", "skipped"],
  ["all_done", "sfukx", "run"],
  ["all_done", "sr", "wait"],
  ["all_skipped", "kk", "run"],
  ["all_skipped", "kx", "wait"],
  ["all_skipped", "kf", "skipped"],
  ["one_success", "rs", "run"],
  ["one_success", "kk", "skipped"],
  ["one_success", "kf", "upstream_failed"],
  ["one_success", "kr", "wait"],
  ["one_failed", "ru", "run"],
  ["one_failed", "sk", "skipped"],
  ["one_failed", "sr", "wait"],
  ["one_done", "rf", "run"],
  ["one_done", "ku", "skipped"],
  ["one_done", "kr", "wait"],
  ["none_failed", "kk", "run"],
  ["none_failed", "rf", "upstream_failed"],
  ["none_failed", "kr", "wait"],
  ["none_failed_min_one_success", "kk", "skipped"],
  ["none_failed_min_one_success", "sk", "run"],
  ["none_failed_min_one_success", "kx", "upstream_failed"],
  ["none_skipped", "sf", "run"],
  ["none_skipped", "rk", "skipped"],
  ["all_done_min_one_success", "sf", "run"],
  ["all_done_min_one_success", "ff", "upstream_failed"],
  ["all_done_min_one_success", "sk", "skipped"],
  ["all_done_setup_success", "Sf", "run"],
  ["all_done_setup_success", "SFf", "run"],
  ["all_done_setup_success", "Fs", "upstream_failed"],
  ["all_done_setup_success", "Ks", "skipped"],
  ["all_done_setup_success", "Fr", "wait"],
  ["all_done_setup_success", "kf", "run"],
  ["always", "rr", "run"],
];

describe("trigger rules", () => {
  it.each(CASES)("%s over %s: %s", (rule, upstream, expected) => {
    expect(TRIGGER_RULE_DECISIONS[rule](counts(upstream), -1)).toBe(expected);
  });
  it("all_success removes a mapped instance whose upstream instances vanished", () => {
    expect(TRIGGER_RULE_DECISIONS.all_success(counts("sx"), 1)).toBe("removed");
    expect(TRIGGER_RULE_DECISIONS.all_success(counts("sx"), 0)).toBe("run");
  });
  it.each([
    ["SS", -1, "run"],
    ["SR", -1, "wait"],
    ["RF", -1, "upstream_failed"],
    ["RK", -1, "skipped"],
    ["SX", -1, "wait"],
    ["SX", 0, "run"],
  ])("setups %s of map index %i: %s", (upstream, mapIndex, expected) => {
    expect(setupDecision(counts(upstream), mapIndex)).toBe(expected);
  });
});
