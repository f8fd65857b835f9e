/**
 * @module The DAG object's side of waiting for another DAG, on the real SQL: who is noted, who is woken and when, what becomes of wake-ups that fail.
 */
import { expect, test } from "vitest";
import type { ObserveRequest, Waiter } from "../../../../src/model/protocol.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagRunHead, aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

const DATE = Date.parse("2026-01-09T00:00:00Z");
const GROUP = { groupId: "load", parent: null, label: "load", tooltip: "", prefixGroupId: true, expand: null };
const SPEC = aDagSpec({
  dagId: "up",
  groups: [GROUP, { ...GROUP, groupId: "load.inner", parent: "load" }],
  tasks: [
    aTaskSpec({ taskId: "first" }),
    aTaskSpec({ taskId: "load.a", groupId: "load" }),
    aTaskSpec({ taskId: "load.inner.b", groupId: "load.inner" }),
  ],
});
const WAITER: Waiter = { dagId: "down", runId: "waiting", taskId: "wait", mapIndex: -1 };

function asking(over: Partial<ObserveRequest["wait"]> = {}, waiter: Partial<Waiter> = {}): ObserveRequest {
  const wait = {
    dagId: "up",
    taskIds: ["first"],
    groupId: null,
    logicalDates: [DATE],
    allowedStates: ["success"],
    failedStates: [],
    skippedStates: [],
    ...over,
  };
  return { waiter: { ...WAITER, ...waiter }, wait, until: null };
}

/** The DAG that is waited for, and the runs that wait. */
function aWorld(): DagHostWorld {
  const world = new DagHostWorld(SPEC);
  for (const runId of ["waiting", "second"]) world.run(runId).head = aDagRunHead({ dagId: "down", runId });
  return world;
}

/** Wake-ups that the waiting run has got, as task ids. */
function wakes(world: DagHostWorld, runId = "waiting"): string[] {
  return world.run(runId).commands.flatMap((command) => (command.kind === "wake" ? [command.taskId] : []));
}

async function push(world: DagHostWorld, runId: string, states: Readonly<Record<string, string>>): Promise<void> {
  Object.assign(world.run(runId).states, states);
  await world.push(runId, "running", {}, states);
}

test("a run that does not exist yet is waited for; its making and its task's end each wake the waiter", async () => {
  const world = aWorld();
  expect(await world.host.observe(asking())).toEqual({ isDeployed: true, unknown: [], runs: [] });
  await world.trigger({ runId: "r", logicalDate: DATE });
  await world.host.alarm();
  expect(wakes(world)).toEqual(["wait"]);
  world.run("r").states = { first: "running" };
  expect((await world.host.observe(asking())).runs).toMatchObject([
    { logicalDate: DATE, instances: [{ taskId: "first", state: "running" }] },
  ]);
  await push(world, "r", { "load.a": "success" });
  expect(wakes(world)).toHaveLength(1);
  await push(world, "r", { first: "success" });
  expect(wakes(world)).toHaveLength(2);
  // It was told: the next change is not its any more.
  await push(world, "r", { first: "success" });
  expect(wakes(world)).toHaveLength(2);
});

test("a waiter that asks again is woken again; one whose wait is over is forgotten", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  world.run("r").states = { first: "failed" };
  await world.host.observe(asking({ failedStates: [], allowedStates: ["success", "failed"] }));
  await push(world, "r", { first: "failed" });
  expect(wakes(world)).toEqual([]);
  await world.host.observe(asking());
  await push(world, "r", { first: "success" });
  expect(wakes(world)).toEqual(["wait"]);
});

test("another date, another task and another state wake nobody", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  await world.trigger({ runId: "other", logicalDate: DATE + 1 });
  await world.host.observe(asking());
  await push(world, "other", { first: "success" });
  await push(world, "r", { first: "running", "load.a": "success" });
  expect(wakes(world)).toEqual([]);
});

test("a group is the tasks of the deployed DAG below it; unknown ones are named", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  world.run("r").states = { first: "success", "load.a": "success", "load.inner.b": "none" };
  const answer = await world.host.observe(asking({ taskIds: null, groupId: "load" }));
  expect(answer.runs[0]?.instances.map(({ taskId }) => taskId)).toEqual(["load.a", "load.inner.b"]);
  expect((await world.host.observe(asking({ taskIds: null, groupId: "nope" }))).unknown).toEqual(["nope"]);
  expect((await world.host.observe(asking({ taskIds: ["first", "x"] }))).unknown).toEqual(["x"]);
});

test("a whole run is waited for without asking its object", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  expect((await world.host.observe(asking({ taskIds: null }))).runs).toEqual([
    { logicalDate: DATE, state: "running", instances: [] },
  ]);
  await world.push("r", "success");
  expect(wakes(world)).toEqual(["wait"]);
});

test("a wake-up that fails is owed until it is delivered, also over a restart", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  await world.host.observe(asking({ taskIds: null }));
  world.onCall = () => {
    throw new Error("the waiting run's object is down");
  };
  await world.push("r", "success");
  expect(wakes(world)).toEqual([]);
  expect(world.errors).toContain("wake-up of task wait of run waiting of DAG down");
  world.restart();
  world.onCall = () => {};
  world.now += 10_000;
  await world.host.alarm();
  expect(wakes(world)).toEqual(["wait"]);
});

test("an alarm is armed for a wake-up that is owed", async () => {
  const world = aWorld();
  await world.host.observe(asking());
  world.alarms.length = 0;
  await world.trigger({ runId: "r", logicalDate: DATE });
  expect(Math.min(...world.alarms)).toBeLessThanOrEqual(world.now);
});

test("two that wait for the same task are both woken, each in its own run", async () => {
  const world = aWorld();
  await world.trigger({ runId: "r", logicalDate: DATE });
  await world.host.observe(asking());
  await world.host.observe(asking({}, { runId: "second", taskId: "w", mapIndex: 3 }));
  await push(world, "r", { first: "success" });
  expect([wakes(world), wakes(world, "second")]).toEqual([["wait"], ["w"]]);
});

test("who waited until a time that has passed is forgotten", async () => {
  const world = aWorld();
  await world.host.observe({ ...asking(), until: world.now + 1_000 });
  world.now += 2_000;
  await world.host.observe(asking({ logicalDates: [DATE + 5] }, { runId: "second" }));
  await world.trigger({ runId: "r", logicalDate: DATE });
  await world.host.alarm();
  expect(wakes(world)).toEqual([]);
});

test("a DAG that was never deployed is known to nobody, and asking makes no storage", async () => {
  const world = aWorld();
  const empty = new DagHostWorld(SPEC);
  await empty.quiet();
  empty.sql.exec("DROP TABLE meta");
  empty.restart();
  expect(await empty.host.observe(asking())).toEqual({ isDeployed: false, unknown: [], runs: [] });
  expect(empty.sql.exec("SELECT name FROM sqlite_master WHERE name = 'external_watch'")).toEqual([]);
  world.host.retire();
  expect((await world.host.observe(asking())).isDeployed).toBe(false);
});
