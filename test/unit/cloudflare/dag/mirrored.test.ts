/**
 * @module Reading one's own write: `mirrored` settles once D1 has taken, or refused, the rows of the runs just made.
 */
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { expect, test } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";

const world = (): DagHostWorld =>
  new DagHostWorld(aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })] }), true);

test("waits for the rows that are on their way", async () => {
  const w = world();
  await w.quiet();
  w.mirrored.length = 0;
  const d1 = Promise.withResolvers<void>();
  w.onMirror = () => d1.promise;
  await w.host.createRun(w.request({ runId: "mine" }));
  let settled = false;
  const waiting = w.host.mirrored().then(() => (settled = true));
  await new Promise((resolve) => setImmediate(resolve));
  expect([settled, w.mirrored]).toEqual([false, []]);
  d1.resolve();
  await waiting;
  expect(w.mirrored.flatMap((rows) => rows.runs).map((row) => row["run_id"])).toEqual(["mine"]);
});

test("a run that ends at once is written once, as ended", async () => {
  const w = world();
  await w.quiet();
  w.mirrored.length = 0;
  const waited = Promise.withResolvers<void>();
  w.onGather = () => waited.promise;
  const { runId } = await w.trigger();
  const pushed = w.push(runId, "success");
  await w.host.mirrored();
  waited.resolve();
  await pushed;
  const rows = w.mirrored.flatMap(({ runs }) => runs);
  expect(rows.map((row) => [row["run_id"], row["state"]])).toEqual([[runId, "success"]]);
});

test("does not wait for a D1 that is down", async () => {
  const w = world();
  w.onMirror = () => {
    throw new Error("D1_ERROR: down");
  };
  await w.host.createRun(w.request({ runId: "mine" }));
  await expect(w.host.mirrored()).resolves.toBeUndefined();
});
