/**
 * @module Ticks in real workerd: many at once, an hour without any, a changed schedule; and schedules while D1 is down.
 */
import { runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { DagObject } from "../../../src/cloudflare/dag/dag-object.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const { DAG } = env as unknown as { readonly DAG: DurableObjectNamespace };
const LONG = { timeout: 30_000 };
const START = Date.parse("2026-01-05T00:00:00Z");
const at = (time: string): number => Date.parse(`2026-01-05T${time}:00Z`);
const every = (cron: string) => ({ kind: "cron-trigger", crons: [cron], timezone: "UTC" }) as const;

/** A DAG of one task that needs no worker; deployed again under another hash. */
async function aDag(dagId: string, over: Partial<DagSpec>, specHash = `hash-${dagId}`): Promise<void> {
  const task = aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" });
  const spec = aDagSpec({ dagId, tasks: [task], startDate: START, ...over });
  await workerEnv.DAG.getByName(dagId).syncSpec(spec, specHash);
}

/** Hours and minutes of the scheduled runs that the object knows. */
async function slots(dagId: string): Promise<readonly string[]> {
  const runs = await workerEnv.DAG.getByName(dagId).listRuns({ limit: 100 });
  return runs.map(({ runId }) => runId.slice("scheduled__2026-01-05T".length, -":00+00:00".length)).toSorted();
}

test("50 ticks of one slot at once give one run", LONG, async () => {
  await aDag("crowded", { schedule: every("0 * * * *") });
  const object = workerEnv.DAG.getByName("crowded");
  const ticks = await Promise.all(Array.from({ length: 50 }, () => object.tick(at("02:00"))));
  expect(ticks.reduce((sum, { created }) => sum + created, 0)).toBe(1);
  expect(await slots("crowded")).toEqual(["02:00"]);
});

test("ticks of 50 different moments of one slot, in any order, give one run", LONG, async () => {
  await aDag("shuffled", { schedule: every("0 * * * *") });
  const object = workerEnv.DAG.getByName("shuffled");
  const moments = Array.from({ length: 50 }, (_, i) => at("02:00") + ((i * 37) % 50) * 1_000);
  const ticks = await Promise.all(moments.map((moment) => object.tick(moment)));
  expect(ticks.reduce((sum, { created }) => sum + created, 0)).toBe(1);
  expect(await slots("shuffled")).toEqual(["02:00"]);
});

test("after an hour without ticks catchup makes every slot, and its absence the newest only", LONG, async () => {
  const schedule = every("*/15 * * * *");
  await aDag("catches_up", { schedule, catchup: true, startDate: at("09:00") });
  await aDag("goes_on", { schedule, catchup: false, startDate: at("09:00") });
  for (const dagId of ["catches_up", "goes_on"]) {
    await workerEnv.DAG.getByName(dagId).tick(at("09:00"));
    await workerEnv.DAG.getByName(dagId).tick(at("10:07"));
  }
  expect(await slots("catches_up")).toEqual(["09:00", "09:15", "09:30", "09:45", "10:00"]);
  expect(await slots("goes_on")).toEqual(["09:00", "10:00"]);
});

test(
  "a changed schedule goes on from the last run: the old one's slots are gone, none is made twice",
  LONG,
  async () => {
    await aDag("changed", { schedule: every("0 * * * *"), catchup: true, startDate: at("09:00") });
    const object = workerEnv.DAG.getByName("changed");
    await object.tick(at("10:00"));
    await aDag("changed", { schedule: every("20,50 * * * *"), catchup: true, startDate: at("09:00") }, "changed-2");
    await object.tick(at("10:10"));
    await object.tick(at("11:00"));
    expect(await slots("changed")).toEqual(["09:00", "10:00", "10:20", "10:50"]);
  },
);

test("while D1 is down a schedule's alarm starts its run, which ends; its rows follow", LONG, async () => {
  await aDag("undisturbed", { schedule: { kind: "none" } });
  const batch = vi.spyOn(Object.getPrototypeOf(workerEnv.DB), "batch").mockRejectedValue(new Error("D1 is down"));
  const fireAt = Math.ceil((Date.now() + 500) / 1_000) * 1_000;
  const answer = await workerEnv.DAG.getByName("undisturbed").schedule({
    kind: "create",
    specHash: "hash-undisturbed",
    scheduleId: "alone",
    createdBy: "test",
    fields: {
      timing: { kind: "at", at: fireAt },
      conf: {},
      key: null,
      overlap: "queue",
      isPaused: false,
      endDate: null,
    },
  });
  expect(answer).toMatchObject({ kind: "schedule", schedule: { nextRunAt: fireAt } });
  const runId = `scheduled__alone__${new Date(fireAt).toISOString().slice(0, 19)}+00:00`;
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("undisturbed", runId));
  await vi.waitFor(async () => expect((await run.readHead())?.state).toBe("success"), LONG);
  const rows = workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = 'undisturbed'");
  expect(await rows.first("state")).toBeNull();
  batch.mockRestore();
  await vi.waitFor(async () => expect(await rows.first("state")).toBe("success"), LONG);
});

test(
  "while D1 is down the alarm of a DAG file's own schedule starts its run to the second; its rows follow",
  LONG,
  async () => {
    await aDag("on_its_own", { schedule: { kind: "none" } });
    const batch = vi.spyOn(Object.getPrototypeOf(workerEnv.DB), "batch").mockRejectedValue(new Error("D1 is down"));
    const stub = workerEnv.DAG.getByName("on_its_own");
    const slot = Math.ceil((Date.now() + 5_000) / 60_000) * 60_000;
    // As deployed: these tests run with the objects' own clocks off.
    const alarmAt = await runInDurableObject(DAG.getByName("on_its_own"), async (_, ctx) => {
      const object = new DagObject(ctx, { ...workerEnv, AIRFLARE_TICK: "1" });
      const task = aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" });
      const spec = aDagSpec({ dagId: "on_its_own", tasks: [task], schedule: every("* * * * *"), startDate: slot });
      await object.syncSpec(spec, "hash-ticking");
      return await ctx.storage.getAlarm();
    });
    expect(alarmAt).toBe(slot);
    const minute = vi.spyOn(Date, "now").mockReturnValue(slot);
    try {
      await runInDurableObject(DAG.getByName("on_its_own"), async (_, ctx) => {
        await new DagObject(ctx, { ...workerEnv, AIRFLARE_TICK: "1" }).alarm();
      });
    } finally {
      minute.mockRestore();
    }
    const [made] = await stub.listRuns({ limit: 1 });
    expect(made?.runAfter).toBe(slot);
    const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("on_its_own", made?.runId ?? ""));
    await vi.waitFor(async () => expect((await run.readHead())?.state).toBe("success"), LONG);
    const rows = workerEnv.DB.prepare("SELECT state FROM dag_run WHERE dag_id = 'on_its_own'");
    expect(await rows.first("state")).toBeNull();
    batch.mockRestore();
    await vi.waitFor(async () => expect(await rows.first("state")).toBe("success"), LONG);
  },
);
