/**
 * @module A DAG that is scheduled by assets: what waits, what makes a run, what a deploy, a pause and `maxActiveRuns` do to it.
 */
import { expect, test } from "vitest";
import type { AssetCondition, AssetEvent } from "../../../../src/model/asset.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec } from "../../../support/spec-builders.ts";

const leaf = (uri: string): AssetCondition => ({ asset: { uri, name: uri, group: "asset" } });
const all = (...uris: string[]): AssetCondition => ({ all: uris.map(leaf) });
const event = (uri: string, n: number): AssetEvent => ({ uri, n, id: `${uri}-${n}`, at: n, extra: {}, source: null });

function world(over: Partial<DagSpec> = {}): DagHostWorld {
  const spec = aDagSpec({ dagId: "d", schedule: { kind: "assets", uris: ["a", "b"] }, assets: all("a", "b"), ...over });
  return new DagHostWorld(spec);
}

const made = (w: DagHostWorld): string[] => [...w.runs.keys()].filter((id) => id.startsWith("asset_triggered__"));
const take = (w: DagHostWorld, uri: string, ...ns: number[]): number | null =>
  w.host.takeAssetEvents(
    uri,
    ns.map((n) => event(uri, n)),
  );

test("the objects of its assets are told, again until they answer, and when the schedule drops one", async () => {
  const w = world();
  await w.quiet();
  expect(w.subscriptions).toMatchObject([
    { uri: "a", wanted: true },
    { uri: "b", wanted: true },
  ]);
  take(w, "a", 1);
  let down = true;
  w.onCall = () => {
    if (down) throw new Error("down");
  };
  w.now += 1_000;
  w.host.syncSpec({ ...w.spec, schedule: { kind: "assets", uris: ["b"] }, assets: all("b") }, "hash-2");
  await w.quiet();
  expect(w.subscriptions).toHaveLength(2);
  down = false;
  w.now += 5_000;
  w.restart();
  await w.host.alarm();
  await w.quiet();
  expect(w.subscriptions[2]).toMatchObject({ uri: "a", wanted: false });
  expect(w.subscriptions[2]!.seq).toBeGreaterThan(w.subscriptions[0]!.seq);
  expect(w.host.assets.queued()).toEqual([]);
  expect(take(w, "a", 2)).toBe(w.subscriptions[2]!.seq);
});

test("a run takes all that waits once the expression holds; repeats and old events are nothing", async () => {
  const w = world();
  expect(take(w, "a", 1, 2)).toBeNull();
  w.restart();
  expect(take(w, "a", 1, 2)).toBeNull();
  expect(made(w)).toEqual([]);
  take(w, "b", 1);
  await w.quiet();
  const [runId = ""] = made(w);
  expect(made(w)).toHaveLength(1);
  expect(w.host.assets.eventsOf(runId, 10).map(({ id }) => id)).toEqual(["a-1", "b-1", "a-2"]);
  take(w, "a", 1, 2);
  take(w, "b", 1);
  await w.quiet();
  expect(made(w)).toHaveLength(1);
  await w.host.deleteRun(runId);
  expect(w.host.assets.eventsOf(runId, 10)).toEqual([]);
});

test("while max_active_runs are open events gather, and make one run when there is room", async () => {
  const w = world({ maxActiveRuns: 1, assets: all("a") });
  take(w, "a", 1);
  await w.quiet();
  take(w, "a", 2);
  take(w, "a", 3);
  await w.quiet();
  const [first = ""] = made(w);
  expect(made(w)).toHaveLength(1);
  await w.push(first, "success");
  expect(made(w)).toHaveLength(2);
  expect(w.host.assets.eventsOf(made(w)[1]!, 10).map(({ n }) => n)).toEqual([2, 3]);
});

test("a paused DAG takes nothing, keeps what waits, and goes on when it is unpaused", async () => {
  const w = world();
  take(w, "a", 1);
  w.host.setPaused(true);
  expect(take(w, "b", 1)).toBeNull();
  w.host.setPaused(false);
  await w.quiet();
  expect(made(w)).toEqual([]);
  take(w, "b", 2);
  await w.quiet();
  expect(w.host.assets.eventsOf(made(w)[0]!, 10).map(({ id }) => id)).toEqual(["a-1", "b-2"]);
});

test("assets beside a time make runs of their own; a removed DAG takes none", async () => {
  const w = world({ schedule: { kind: "none" }, assets: all("a") });
  take(w, "a", 1);
  await w.quiet();
  expect(made(w)).toHaveLength(1);
  w.host.retire();
  expect(take(w, "a", 2)).not.toBeNull();
  await w.quiet();
  expect(made(w)).toHaveLength(1);
});
