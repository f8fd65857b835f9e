/**
 * @module The short simulation of `npm test`: fewer worlds, every broken core, replay of seeds. The long one is `npm run sim`.
 */
import { describe, expect, test } from "vitest";
import { BROKEN_CORES } from "./cores.ts";
import { REGRESSION_SEEDS } from "./regression-seeds.ts";
import { REQUIRED_COVERAGE, runBatch, traceHash } from "./simulate.ts";

describe("simulation", () => {
  test.each(REGRESSION_SEEDS)("seed %i, which once failed, holds", (seed) => {
    expect(runBatch(seed, 1).failures).toEqual([]);
  });

  test("two thousand worlds hold every invariant and meet every fault and transition", () => {
    const batch = runBatch(1, 2_000);
    expect(batch.failures).toEqual([]);
    expect(REQUIRED_COVERAGE.filter((name) => (batch.coverage.get(name) ?? 0) === 0)).toEqual([]);
  }, 60_000);

  test("a seed replays to the same trace", () => {
    for (let seed = 1; seed <= 20; seed++) expect(traceHash(seed)).toBe(traceHash(seed));
  });

  test.each(Object.keys(BROKEN_CORES))(
    'the broken core "%s" is caught',
    (name) => {
      expect(runBatch(1, 4_000, BROKEN_CORES[name]).failures).toHaveLength(1);
    },
    60_000,
  );
});
