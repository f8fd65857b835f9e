/**
 * @module Durations with a unit.
 */
import { expect, test } from "vitest";
import { durationMs, durationText } from "../../../src/lib/duration.ts";

test.each([
  ["0s", 0],
  ["250ms", 250],
  ["90s", 90_000],
  ["1.5m", 90_000],
  ["2h", 7_200_000],
  ["7d", 604_800_000],
])("%s is %d ms", (text, ms) => expect(durationMs(text)).toBe(ms));

test.each([
  ["5"],
  ["5 m"],
  ["-5m"],
  ["5 minutes"],
  ["m"],
  ["1e3s"],
  ["1h30m"],
  [""],
  [5],
  [null],
  ["9999999999999999d"],
])("%j is no duration", (text) => expect(durationMs(text)).toBeUndefined());

test("text is the shortest with a whole number", () => {
  expect([0, 1_500, 90_000, 300_000, 86_400_000].map(durationText)).toEqual(["0ms", "1500ms", "90s", "5m", "1d"]);
});
