/**
 * @module A DAG whose timetable is the author's: its object asks for runs ahead, makes them in time and asks for more, whatever is lost or deployed.
 */
import { expect, test } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";
import type { RunAhead, TimetableOrder } from "../../../../src/model/custom-timetable.ts";

const HOUR_MS = 3_600_000;
const START = Date.parse("2026-01-10T08:00:00Z");
const hours = (w: DagHostWorld): number[] => w.scheduled().map((runId) => Number(runId.slice(22, 24)));

function world(over: Partial<DagSpec> = {}): DagHostWorld {
  return new DagHostWorld(
    aDagSpec({
      dagId: "dag",
      tasks: [aTaskSpec({ taskId: "a" })],
      schedule: { kind: "custom" },
      startDate: START,
      maxActiveRuns: 100,
      ...over,
    }),
  );
}

/** As a Worker answers: a run each hour from the start date. */
function answer(w: DagHostWorld, order: TimetableOrder, count = order.count): void {
  const from = order.last === null ? START : order.last.end + HOUR_MS;
  const runs = Array.from({ length: count }, (_, i): RunAhead => {
    const at = from + i * HOUR_MS;
    return { runAfter: at, logicalDate: at, interval: { start: at, end: at } };
  });
  w.host.extendTimetable({ order, runs, ended: false, failed: false });
}

function asked(w: DagHostWorld): TimetableOrder {
  const order = w.timetableOrders.at(-1);
  if (order === undefined) throw new Error("nothing was asked");
  return order;
}

test("it is asked when it is deployed; without catchup the newest run that is due is made, then each on its time", async () => {
  const w = world();
  expect(w.timetableOrders).toMatchObject([{ dagId: "dag", specHash: "hash-1", last: null, earliest: START }]);
  answer(w, asked(w));
  await w.quiet();
  expect([hours(w), w.host.readState()?.nextRunAfter]).toEqual([[10], Date.parse("2026-01-10T11:00:00Z")]);
  w.now = Date.parse("2026-01-10T11:00:00Z");
  await w.host.alarm();
  await w.quiet();
  expect(hours(w)).toEqual([10, 11]);
});

test("with catchup every run is made, oldest first", async () => {
  const w = world({ catchup: true });
  answer(w, asked(w));
  await w.quiet();
  expect(hours(w)).toEqual([8, 9, 10]);
});

test("more is asked for before it runs dry, behind the last run that is known", async () => {
  const w = world();
  answer(w, asked(w));
  w.timetableOrders.length = 0;
  for (let hour = 0; w.timetableOrders.length === 0 && hour < 60; hour++) {
    w.now += HOUR_MS;
    // One hour after the other.
    // oxlint-disable-next-line no-await-in-loop
    await w.host.alarm();
  }
  expect(asked(w).last?.end).toBe(START + 39 * HOUR_MS);
  expect(w.now).toBeLessThan(START + 39 * HOUR_MS);
});

test("an answer that comes twice, or to another question, changes nothing", async () => {
  const w = world({ catchup: true });
  const order = asked(w);
  answer(w, order);
  answer(w, order);
  answer(w, { ...order, specHash: "old" });
  await w.quiet();
  w.now += 50 * HOUR_MS;
  await w.host.alarm();
  await w.quiet();
  expect(w.scheduled()).toHaveLength(40);
});

test("an order that is lost is given again, also by an object that was away", async () => {
  const w = world();
  w.now += 30_000;
  await w.host.alarm();
  expect(w.timetableOrders).toHaveLength(1);
  w.now += 30_000;
  await w.host.alarm();
  expect(w.timetableOrders).toHaveLength(2);
  w.restart();
  await w.host.alarm();
  expect(w.timetableOrders).toHaveLength(3);
});

test("code that fails is asked again after ten minutes, and the runs that are known go on", async () => {
  const w = world();
  const order = asked(w);
  answer(w, order, 5);
  w.host.extendTimetable({ order: asked(w), runs: [], ended: false, failed: true });
  w.timetableOrders.length = 0;
  w.now += 9 * 60_000;
  await w.host.alarm();
  expect(w.timetableOrders).toEqual([]);
  w.now += 2 * 60_000;
  await w.host.alarm();
  expect(w.timetableOrders).toHaveLength(1);
  w.now = Date.parse("2026-01-10T11:00:00Z");
  await w.host.alarm();
  await w.quiet();
  expect(hours(w)).toEqual([10, 11]);
});

test("a deploy asks anew behind the last run that was made: nothing is made twice, the old plan is gone", async () => {
  const w = world();
  answer(w, asked(w));
  await w.quiet();
  w.host.refreshTimetable();
  const order = asked(w);
  expect(order.last?.end).toBe(Date.parse("2026-01-10T10:00:00Z"));
  const at = Date.parse("2026-01-10T10:30:00Z");
  const runs = [{ runAfter: at, logicalDate: at, interval: { start: at, end: at } }];
  w.host.extendTimetable({ order, runs, ended: true, failed: false });
  w.now = Date.parse("2026-01-10T15:00:00Z");
  await w.host.alarm();
  await w.quiet();
  expect(w.scheduled()).toEqual(["scheduled__2026-01-10T10:00:00+00:00", "scheduled__2026-01-10T10:30:00+00:00"]);
  w.timetableOrders.length = 0;
  w.now += HOUR_MS;
  await w.host.alarm();
  expect(w.timetableOrders).toEqual([]);
});

test("a paused DAG asks for nothing until it is unpaused", () => {
  const w = world({ isPausedUponCreation: true });
  expect(w.timetableOrders).toEqual([]);
  w.host.setPaused(false);
  expect(w.timetableOrders).toHaveLength(1);
});
