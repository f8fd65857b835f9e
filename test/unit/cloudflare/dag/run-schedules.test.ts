/**
 * @module Schedules made at run time, on real SQL: fires, edits, overlap, restarts, D1 that is down.
 */
import { describe, expect, test } from "vitest";
import type { RunSchedule, ScheduleAnswer, ScheduleFields } from "../../../../src/model/run-schedule.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

const at = (text: string): number => Date.parse(`2026-01-10T${text}Z`);
const MINUTELY: ScheduleFields = {
  timing: { kind: "cron", cron: "* * * * *", timezone: "UTC" },
  conf: {},
  key: null,
  overlap: "queue",
  isPaused: false,
  endDate: null,
};

function world(over: Parameters<typeof aDagSpec>[0] = { dagId: "dag" }): DagHostWorld {
  return new DagHostWorld(aDagSpec({ tasks: [aTaskSpec({ taskId: "a" })], ...over }));
}

function create(w: DagHostWorld, over: Partial<ScheduleFields> = {}, scheduleId = "s1"): ScheduleAnswer {
  const fields = { ...MINUTELY, ...over };
  return w.host.schedule({ kind: "create", specHash: "hash-1", scheduleId, fields, createdBy: "admin" });
}

function patch(w: DagHostWorld, change: Partial<ScheduleFields>): ScheduleAnswer {
  return w.host.schedule({ kind: "patch", specHash: "hash-1", scheduleId: "s1", change });
}

function read(w: DagHostWorld): RunSchedule {
  const answer = w.host.schedule({ kind: "read", scheduleId: "s1" });
  if (answer.kind !== "schedule") throw new Error(JSON.stringify(answer));
  return answer.schedule;
}

/** The object's alarm at a time of day. */
async function alarm(w: DagHostWorld, time: string): Promise<string[]> {
  w.now = at(time);
  await w.host.alarm();
  await w.quiet();
  return [...w.runs.keys()];
}

const run = (time: string): string => `scheduled__s1__2026-01-10T${time}+00:00`;

describe("fires", () => {
  test("creation answers the next run and arms the alarm for it; the run has the conf and a deterministic id", async () => {
    const w = world();
    expect(create(w, { conf: { tenant: 42 } })).toMatchObject({
      schedule: { nextRunAt: at("10:01:00"), lastRunAt: null },
    });
    expect(w.alarms).toContain(at("10:01:00"));
    expect(await alarm(w, "10:01:00")).toEqual([run("10:01:00")]);
    expect(w.run(run("10:01:00")).head).toMatchObject({
      runType: "scheduled",
      logicalDate: null,
      runAfter: at("10:01:00"),
      conf: { tenant: 42 },
      triggeringUser: "admin",
    });
    expect(read(w)).toMatchObject({ nextRunAt: at("10:02:00"), lastRunAt: at("10:01:00"), lastRunId: run("10:01:00") });
  });

  test("an early or repeated alarm, and one after a restart, makes no run twice", async () => {
    const w = world();
    create(w);
    expect(await alarm(w, "10:00:59")).toEqual([]);
    await alarm(w, "10:01:00");
    w.restart();
    expect(await alarm(w, "10:01:00")).toEqual([run("10:01:00")]);
  });

  test("after an hour without alarms the promised fire is made up for, once, and the others are passed over", async () => {
    const w = world();
    create(w);
    w.restart();
    expect(await alarm(w, "11:00:30")).toEqual([run("10:01:00")]);
    expect(read(w).nextRunAt).toBe(at("11:01:00"));
  });

  test("two schedules of one DAG fire in the same second", async () => {
    const w = world();
    create(w);
    create(w, {}, "s2");
    expect(await alarm(w, "10:01:00")).toHaveLength(2);
  });

  test("at fires once and is over", async () => {
    const w = world();
    create(w, { timing: { kind: "at", at: at("10:30:00") } });
    expect(await alarm(w, "10:30:00")).toEqual([run("10:30:00")]);
    expect(read(w).nextRunAt).toBeNull();
  });

  test("while D1 is down schedules fire, and their rows follow", async () => {
    const w = world();
    w.onMirror = () => {
      throw new Error("D1 is down");
    };
    create(w);
    expect(await alarm(w, "10:01:00")).toEqual([run("10:01:00")]);
    w.onMirror = () => {};
    w.restart();
    await alarm(w, "10:01:10");
    expect(w.mirrored.flatMap(({ schedules }) => schedules).at(-1)).toMatchObject({
      schedule_id: "s1",
      next_run_at: at("10:02:00"),
    });
  });

  test("slots of a paused DAG pass without a run", async () => {
    const w = world();
    create(w);
    w.host.setPaused(true);
    expect(await alarm(w, "10:01:00")).toEqual([]);
    expect(read(w).nextRunAt).toBe(at("10:02:00"));
  });
});

describe("edits", () => {
  test("a changed time never fires the old slot, not even when it is due", async () => {
    const w = world();
    create(w);
    w.now = at("10:01:00");
    expect(patch(w, { timing: { kind: "cron", cron: "30 * * * *", timezone: "UTC" } })).toMatchObject({
      schedule: { nextRunAt: at("10:30:00") },
    });
    expect(await alarm(w, "10:02:00")).toEqual([]);
    expect(await alarm(w, "10:30:00")).toEqual([run("10:30:00")]);
  });

  test("paused it rests, and goes on from the moment it is unpaused", async () => {
    const w = world();
    create(w);
    expect(patch(w, { isPaused: true })).toMatchObject({ schedule: { nextRunAt: null } });
    expect(await alarm(w, "10:05:30")).toEqual([]);
    expect(patch(w, { isPaused: false })).toMatchObject({ schedule: { nextRunAt: at("10:06:00") } });
  });

  test("deleted it never fires, is not found, and its id is free again", async () => {
    const w = world();
    create(w);
    expect(w.host.schedule({ kind: "delete", scheduleId: "s1" })).toMatchObject({ kind: "schedule" });
    expect(await alarm(w, "10:01:00")).toEqual([]);
    expect(w.host.schedule({ kind: "read", scheduleId: "s1" })).toMatchObject({
      kind: "refused",
      error: { code: "schedule_not_found" },
    });
    const rows = w.mirrored.flatMap(({ schedules }) => schedules);
    expect(rows.map((row) => row["is_deleted"])).toContain(1);
    expect(create(w)).toMatchObject({ kind: "schedule" });
    await w.quiet();
    const again = w.mirrored.flatMap(({ schedules }) => schedules).at(-1);
    expect(again).toMatchObject({ is_deleted: 0 });
    expect(Number(again?.["seq"])).toBeGreaterThan(Math.max(...rows.map((row) => Number(row["seq"]))));
  });

  test("refusals: a taken id, a bad time, a conf that breaks the params, an unknown version", () => {
    const w = world({ dagId: "dag", params: { n: { schema: { type: "integer" }, value: 1, description: null } } });
    create(w);
    expect(create(w)).toMatchObject({ error: { code: "schedule_already_exists" } });
    expect(create(w, { timing: { kind: "cron", cron: "x", timezone: "UTC" } }, "s2")).toMatchObject({
      error: { code: "invalid_schedule" },
    });
    expect(patch(w, { conf: { n: "many" } })).toMatchObject({ error: { code: "invalid_params" } });
    expect(read(w).conf).toEqual({});
    expect(w.host.schedule({ kind: "patch", specHash: "hash-2", scheduleId: "s1", change: {} })).toMatchObject({
      kind: "spec-needed",
    });
  });
});

describe("overlap", () => {
  test("queue makes every run", async () => {
    const w = world();
    create(w);
    await alarm(w, "10:01:00");
    expect(await alarm(w, "10:02:00")).toEqual([run("10:01:00"), run("10:02:00")]);
  });

  test("skip makes none while the last one is open", async () => {
    const w = world();
    create(w, { overlap: "skip" });
    await alarm(w, "10:01:00");
    expect(await alarm(w, "10:02:00")).toEqual([run("10:01:00")]);
    await w.push(run("10:01:00"), "success");
    expect(await alarm(w, "10:03:00")).toEqual([run("10:01:00"), run("10:03:00")]);
  });

  test("cancel_running cancels the open one, also when the order is lost at first", async () => {
    const w = world();
    create(w, { overlap: "cancel_running" });
    await alarm(w, "10:01:00");
    w.onCall = () => {
      throw new Error("the run's object does not answer");
    };
    await alarm(w, "10:02:00");
    w.onCall = () => {};
    w.restart();
    await alarm(w, "10:02:45");
    expect(w.run(run("10:01:00")).commands).toEqual([{ kind: "cancel", by: "schedule" }]);
    expect(w.run(run("10:02:00")).commands).toEqual([]);
  });
});

test("a thousand schedules due at once start page by page, six runs at a time, each exactly once", async () => {
  const w = world({ dagId: "dag", maxActiveRuns: 5_000 });
  for (let i = 0; i < 1_000; i++) create(w, { timing: { kind: "at", at: at("10:01:00") } }, `s${i}`);
  let underWay = 0;
  let most = 0;
  w.onCreate = async () => {
    most = Math.max(most, ++underWay);
    await new Promise((resolve) => setImmediate(resolve));
    underWay--;
  };
  const openAtOnce = (): number => Number(w.sql.exec("SELECT count(*) AS n FROM run WHERE pending <> 0")[0]?.["n"]);
  w.now = at("10:01:00");
  let orders = 0;
  for (let alarms = 0; w.runs.size < 1_000 && alarms < 20; alarms++) {
    const going = w.host.alarm();
    orders = Math.max(orders, openAtOnce());
    // oxlint-disable-next-line no-await-in-loop
    await going;
  }
  await w.quiet();
  expect([most, orders]).toEqual([6, expect.any(Number)]);
  expect(orders).toBeLessThan(500);
  expect([...w.runs.values()].map(({ created }) => created.length)).toEqual(Array.from({ length: 1_000 }, () => 1));
});
