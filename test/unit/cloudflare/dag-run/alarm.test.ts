/**
 * @module The one alarm of an object: moved earlier only, and set anew when it must have been lost.
 */
import { expect, test } from "vitest";
import { Alarm } from "../../../../src/cloudflare/dag-run/alarm.ts";

test.each([
  { name: "is not set again while an earlier one is to come", now: 900, again: 2_000, set: [1_000] },
  { name: "is moved to an earlier time", now: 0, again: 500, set: [1_000, 500] },
  { name: "is not set again while it may still be under way", now: 20_000, again: 25_000, set: [1_000] },
  { name: "is set anew when it is so late that it was lost", now: 40_000, again: 45_000, set: [1_000, 45_000] },
])("an alarm $name", ({ now, again, set }) => {
  const calls: number[] = [];
  let clock = 0;
  const alarm = new Alarm(
    (at) => calls.push(at),
    () => clock,
  );
  alarm.arm(1_000);
  clock = now;
  alarm.arm(again);
  expect(calls).toEqual(set);
});
