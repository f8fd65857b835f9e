/**
 * @module What is owed to the outside is repeated until it succeeds, and never without an alarm.
 */
import { beforeEach, expect, test } from "vitest";
import { Duties } from "../../../../src/cloudflare/dag-run/duties.ts";

let now = 0;
let left = 1;
let armed: (number | null)[] = [];
let errors = 0;
let work: () => Promise<void> = async () => {};

function duties(): Duties {
  const duty = { name: "work", dueAt: () => (left > 0 ? 0 : null), run: () => work() };
  const all: Duties = new Duties(
    [duty],
    () => now,
    () => armed.push(all.nextAt()),
    () => errors++,
  );
  return all;
}

beforeEach(() => {
  [now, left, armed, errors] = [1_000, 1, [], 0];
});

test("work that succeeds is done at once and owes nothing", async () => {
  work = async () => {
    left--;
  };
  left = 3;
  const all = duties();
  await all.kick();
  expect([left, all.nextAt(), errors]).toEqual([0, null, 0]);
});

test("work that fails is repeated after 1, 2, 4 seconds, at most a minute", async () => {
  work = () => Promise.reject(new Error("down"));
  const all = duties();
  const waits: number[] = [];
  for (let i = 0; i < 9; i++) {
    await all.kick();
    const next = all.nextAt() ?? 0;
    waits.push(next - now);
    now = next;
  }
  expect(waits).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000]);
  expect(armed.at(-1)).toBe(now);
});

test("nothing is tried before its time, and a success starts over", async () => {
  let calls = 0;
  work = async () => {
    calls++;
    if (calls < 3) throw new Error("down");
    left--;
  };
  const all = duties();
  await all.kick();
  await all.kick();
  expect(calls).toBe(1);
  now += 1_000;
  await all.kick();
  now += 2_000;
  await all.kick();
  left = 1;
  expect([calls, all.nextAt()]).toEqual([3, 0]);
});

test("work under way is not started twice and has the alarm as its watchdog", async () => {
  let finish: () => void = () => {};
  let calls = 0;
  work = () => {
    calls++;
    return new Promise((resolve) => {
      finish = () => {
        left = 0;
        resolve();
      };
    });
  };
  const all = duties();
  const first = all.kick();
  await all.kick();
  expect([calls, all.nextAt()]).toEqual([1, now + 60_000]);
  finish();
  await first;
  expect(all.nextAt()).toBeNull();
});
