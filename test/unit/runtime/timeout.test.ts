/**
 * @module Time limits of attempts under one shared timer.
 */
import { expect, test } from "vitest";
import { Deadlines, limitTime } from "../../../src/runtime/timeout.ts";
import { FakeClock, settle } from "../../support/runtime-fakes.ts";

const never = new Promise<never>(() => undefined);

function limited<T>(work: Promise<T>, ms: number, deadlines: Deadlines, abort = new AbortController()): Promise<T> {
  return limitTime(work, { ms, deadlines, abort, what: "Task t" });
}

test("work that ends in time is answered and leaves no deadline behind", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const abort = new AbortController();
  expect(await limited(Promise.resolve(5), 100, deadlines, abort)).toBe(5);
  await clock.advance(1000);
  expect(abort.signal.aborted).toBe(false);
});

test("an error of the work is the caller's", async () => {
  await expect(limited(Promise.reject(new Error("own")), 100, new Deadlines(new FakeClock()))).rejects.toThrow("own");
});

test("work that takes too long is abandoned and its signal fires with the reason", async () => {
  const clock = new FakeClock();
  const abort = new AbortController();
  const ended = limited(never, 2000, new Deadlines(clock), abort).catch((error: unknown) => error);
  await clock.advance(1999);
  expect(abort.signal.aborted).toBe(false);
  await clock.advance(1);
  expect(await ended).toMatchObject({
    code: "AirflowTaskTimeout",
    message: "Task t ran longer than its executionTimeout of 2 s",
  });
  expect(abort.signal.reason).toMatchObject({ code: "AirflowTaskTimeout" });
});

test("an abort from outside ends the wait at once", async () => {
  const abort = new AbortController();
  const ended = limited(never, 2000, new Deadlines(new FakeClock()), abort).catch((error: unknown) => error);
  abort.abort(new Error("stop"));
  expect(await ended).toMatchObject({ message: "stop" });
});

test("each deadline fires at its own time, with one timer for all", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  const fired: number[] = [];
  for (const ms of [300, 100, 200, 100]) deadlines.add(ms, () => fired.push(ms));
  await settle();
  expect(clock.sleepers.size).toBe(1);
  await clock.advance(150);
  expect(fired).toEqual([100, 100]);
  await clock.advance(1000);
  expect(fired).toEqual([100, 100, 200, 300]);
  deadlines.add(50, () => fired.push(50));
  await clock.advance(50);
  expect(fired.at(-1)).toBe(50);
});

test("a closed set of deadlines keeps no timer", async () => {
  const clock = new FakeClock();
  const deadlines = new Deadlines(clock);
  deadlines.add(100, () => expect.unreachable());
  deadlines.close();
  await clock.advance(1000);
  expect(clock.sleepers.size).toBe(0);
});
