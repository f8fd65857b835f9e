/**
 * @module What a DAG's object does while D1 does not take its rows, and when it is back, on real SQL.
 */
import { expect, test } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

function world(): DagHostWorld {
  return new DagHostWorld(aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })] }));
}

async function ring(w: DagHostWorld, at: number): Promise<void> {
  w.now = at;
  await w.host.alarm();
  await w.quiet();
}

test("columns that D1 did not take are written again by the alarm, though nothing changes meanwhile", async () => {
  const w = world();
  w.onMirror = () => {
    throw new Error("D1_ERROR: down");
  };
  w.host.setPaused(true);
  await w.quiet();
  w.onMirror = () => {};
  w.mirrored.length = 0;
  await ring(w, w.now + 5_000);
  expect(w.mirrored.flatMap(({ dags }) => dags)).toMatchObject([{ is_paused: 1 }]);
  w.mirrored.length = 0;
  await ring(w, w.now + 5_000);
  expect(w.mirrored).toEqual([]);
});

test("while D1 is down the alarm tries less and less often, once a minute in the end", async () => {
  const w = world();
  const tries: number[] = [];
  w.onMirror = () => {
    tries.push(w.now);
    throw new Error("D1_ERROR: down");
  };
  w.host.setPaused(true);
  await w.quiet();
  for (let i = 0; i < 8; i++) await ring(w, w.alarms.at(-1) ?? w.now);
  const pauses = tries.slice(1).map((at, i) => (at - (tries[i] ?? 0)) / 1_000);
  expect(pauses).toEqual([5, 10, 20, 40, 60, 60, 60, 60]);
});

test("the push of a run that D1 takes brings what it lacks, however long it was down", async () => {
  const w = world();
  const { runId } = await w.trigger();
  w.onMirror = () => {
    throw new Error("D1_ERROR: down");
  };
  w.host.setPaused(true);
  await w.quiet();
  w.onMirror = () => {};
  w.mirrored.length = 0;
  await w.push(runId, "running");
  await w.quiet();
  expect(w.mirrored.flatMap(({ dags }) => dags)).toMatchObject([{ is_paused: 1 }]);
});
