/**
 * @module Storage that an older version wrote: today's code takes the objects over in the middle of their runs and brings them to their end.
 */
import { evictDurableObject, runInDurableObject } from "cloudflare:test";
import { expect, test } from "vitest";
import dagV1 from "../../fixtures/storage/v1/dag.sql?raw";
import run1V1 from "../../fixtures/storage/v1/run_1.sql?raw";
import run2V1 from "../../fixtures/storage/v1/run_2.sql?raw";
import dagV2 from "../../fixtures/storage/v2/dag.sql?raw";
import run1V2 from "../../fixtures/storage/v2/run_1.sql?raw";
import run2V2 from "../../fixtures/storage/v2/run_2.sql?raw";
import { LARGE, stored } from "../../fixtures/storage/dags/stored.ts";
import { encode } from "../../../src/lib/codec.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { resultOf, statesOf, workerEnv } from "../../support/worker-runs.ts";

const HOUR_MS = 3_600_000;

/** Every released version stays in this list. */
const VERSIONS = [
  { version: 1, dag: dagV1, runs: [run1V1, run2V1] },
  { version: 2, dag: dagV2, runs: [run1V2, run2V2] },
];

/** As if the object had been left alone for an hour: times in its rows are counted from now, whenever the fixture was made. */
async function restore(stub: unknown, dump: string): Promise<void> {
  const madeAt = Number(/^-- made at (\d+)/.exec(dump)?.[1]);
  const shift = Date.now() - HOUR_MS - madeAt;
  const day = 24 * HOUR_MS;
  const shifted = dump.replaceAll(/\b\d{13}\b/g, (digits) =>
    Math.abs(Number(digits) - madeAt) < day ? String(Number(digits) + shift) : digits,
  );
  await runInDurableObject(stub as DurableObjectStub, async (_, { storage }) => {
    await storage.deleteAll();
    storage.sql.exec(shifted);
  });
  await evictDurableObject(stub as DurableObjectStub);
}

test.each(VERSIONS)(
  "a run under way and one that waits, stored by version $version, come to their ends",
  async (v) => {
    const runs = ["run_1", "run_2"].map((runId) => workerEnv.DAG_RUN.getByName(dagRunObjectName("stored", runId)));
    const [first, second] = runs;
    if (first === undefined || second === undefined) throw new Error("two runs are stored");
    const dag = workerEnv.DAG.getByName("stored");
    await restore(dag, v.dag);
    for (const [index, run] of runs.entries()) await restore(run, v.runs[index] ?? "");

    // What the fixture is: something of everything is under way.
    expect([(await first.readHead())?.state, (await second.readHead())?.state]).toEqual(["running", "queued"]);
    const { entries } = await first.readXComs({ taskIds: ["large"], key: null, limit: 1 });
    const large = entries[0]?.value;
    if (large?.in !== "r2") throw new Error("the large value lies in R2");
    await workerEnv.OBJECTS.put(large.key, encode("y".repeat(LARGE)));

    // The deploy that came meanwhile, and the clock that finds nobody looks after the DAG.
    await dag.syncSpec(stored.executable.spec, stored.specHash);
    await dag.sweep();
    expect((await first.wait(20_000))?.state).toBe("success");
    const states = await statesOf(first);
    expect([Object.keys(states).length, new Set(Object.values(states))]).toEqual([10, new Set(["success"])]);
    expect(await resultOf(first, "collect")).toEqual({ total: 12, length: LARGE, tries: 2 });
    const { views } = await first.readTaskInstances({ taskIds: ["slow"], offset: 0, limit: 1 });
    expect(views[0]).toMatchObject({ tryNumber: 1, losses: 1 });
    expect((await first.readTries("flaky", -1)).map(({ tryNumber, state }) => [tryNumber, state])).toEqual([
      [1, "failed"],
    ]);

    // Its turn has come. It was triggered long ago as well, but its retry takes 50 s from now.
    await expect.poll(async () => (await second.readHead())?.state, { timeout: 10_000 }).toBe("running");
    await expect.poll(async () => (await statesOf(second))["slow"], { timeout: 10_000 }).toBe("success");
  },
  60_000,
);
