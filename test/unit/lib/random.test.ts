/**
 * @module Numbers derived from a seed.
 */
import { describe, expect, it } from "vitest";
import { deriveNonce } from "../../../src/lib/random.ts";

describe("deriveNonce", () => {
  it("gives the same number for the same seed and place", () => {
    expect(deriveNonce(123_456_789_012, 3)).toBe(deriveNonce(123_456_789_012, 3));
  });
  it("gives 48-bit numbers above 0 that do not repeat over seeds and places", () => {
    const seen = new Set<number>();
    for (let seed = 0; seed < 300; seed += 1) {
      for (let n = 1; n <= 30; n += 1) {
        const nonce = deriveNonce(seed * 2 ** 34 + seed, n);
        expect(Number.isSafeInteger(nonce) && nonce > 0 && nonce < 2 ** 48).toBe(true);
        seen.add(nonce);
      }
    }
    expect(seen.size).toBe(300 * 30);
  });
});
