/**
 * @module Known digests.
 */
import { describe, expect, it } from "vitest";
import { sha1 } from "../../../src/lib/sha1.ts";

describe("sha1", () => {
  it.each([
    ["", "da39a3ee5e6b4b0d3255bfef95601890afd80709"],
    ["abc", "a9993e364706816aba3e25717850c26c9cd0d89d"],
  ])("hashes %j as the standard says", (text, hex) => {
    expect(Buffer.from(sha1(text)).toString("hex")).toBe(hex);
  });
});
