/**
 * @module Creation, turns, the schedule and the watchers of a DAG's object, on real SQL without workerd.
 */
import { describe, expect, test } from "vitest";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";

const HOURLY = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;
const at = (text: string): number => Date.parse(`2026-01-${text}Z`);

function world(over: Partial<DagSpec> = {}, ownSchedule = true): DagHostWorld {
  return new DagHostWorld(aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })], ...over }), ownSchedule);
}

describe("creating a run", () => {
  test("an unknown version of the DAG is asked for first", async () => {
    const w = world();
    const answer = await w.host.createRun(w.request({ specHash: "hash-2" }));
    expect(answer).toEqual({ kind: "spec-needed", have: "hash-1" });
  });

  test("a run without a logical date gets Airflow's manual id with a random end, and no interval", async () => {
    const w = world();
    const { runId } = await w.trigger();
    expect(runId).toMatch(/^manual__2026-01-10T10:00:00\+00:00_[\da-f]{8}$/);
    expect(w.run(runId).head).toMatchObject({
      logicalDate: null,
      dataIntervalStart: null,
      runAfter: at("10T10:00:00"),
    });
  });

  test("the same call again gives the same run, also when the first answer was lost", async () => {
    const w = world();
    const request = w.request();
    const [first, second] = [await w.host.createRun(request), await w.host.createRun(request)];
    expect(second).toEqual(first);
  });

  test("a taken id is refused, or answered with the run that is there", async () => {
    const w = world();
    await w.trigger({ runId: "mine" });
    expect(await w.host.createRun(w.request({ runId: "mine" }))).toMatchObject({
      kind: "refused",
      error: { code: "run_already_exists" },
    });
    expect(await w.host.createRun(w.request({ runId: "mine", returnExisting: true }))).toMatchObject({
      kind: "existing",
      head: { runId: "mine" },
    });
  });

  test("a taken logical date is refused whatever the id; a null one never clashes", async () => {
    const w = world();
    await w.trigger({ runId: "first", logicalDate: at("01T00:00:00") });
    const second = await w.host.createRun(w.request({ runId: "second", logicalDate: at("01T00:00:00") }));
    expect(second).toMatchObject({ kind: "refused", error: { code: "run_already_exists" } });
    const nulls = [await w.trigger(), await w.trigger()];
    expect(new Set(nulls.map((run) => run.runId)).size).toBe(2);
  });

  test("params: defaults, the conf over them, undeclared keys along; a wrong one is refused by name", async () => {
    const params = { limit: { schema: { type: "integer", minimum: 1 }, value: 100, description: null } };
    const w = world({ params });
    const { runId } = await w.trigger({ conf: { region: "eu" } });
    expect(w.run(runId).head?.params).toEqual({ limit: 100, region: "eu" });
    const refused = await w.host.createRun(w.request({ conf: { limit: 0 } }));
    expect(refused).toMatchObject({
      kind: "refused",
      error: { code: "invalid_params", message: expect.stringContaining("limit") },
    });
  });

  test("a run id that was deleted and made again is another, later incarnation", async () => {
    const w = world();
    await w.trigger({ runId: "again" });
    const first = w.run("again").head?.incarnation ?? "";
    expect(await w.host.deleteRun("again")).toBe(true);
    expect(w.run("again").destroyed).toBe(true);
    const answer = await w.host.createRun(w.request({ runId: "again" }));
    const second = answer.kind === "created" ? answer.create.head.incarnation : "";
    expect(second > first).toBe(true);
  });
});

describe("max_active_runs", () => {
  test("of two triggers at once one runs and one waits; it gets its turn when the first ends", async () => {
    const w = world({ maxActiveRuns: 1 });
    const [first, second] = [await w.trigger(), await w.trigger()];
    expect([first.start, second.start]).toEqual([true, false]);
    expect(await w.push(first.runId, "success")).toBe(true);
    expect(w.run(second.runId).commands).toEqual([{ kind: "start" }]);
  });

  test("waiting runs get their turn by run_after, oldest first, and not before it", async () => {
    const w = world({ maxActiveRuns: 1 });
    const running = await w.trigger();
    const late = await w.trigger({ runAfter: at("10T09:00:00") });
    const early = await w.trigger({ runAfter: at("10T08:00:00") });
    const future = await w.trigger({ runAfter: at("11T00:00:00") });
    await w.push(running.runId, "failed");
    expect(w.run(early.runId).commands).toHaveLength(1);
    await w.push(early.runId, "success");
    expect(w.run(late.runId).commands).toHaveLength(1);
    await w.push(late.runId, "success");
    expect(w.run(future.runId).commands).toHaveLength(0);
    w.now = at("11T00:00:00");
    await w.host.alarm();
    await w.quiet();
    expect(w.run(future.runId).commands).toEqual([{ kind: "start" }]);
  });

  test("a start order that fails is given again by the alarm, also after a restart", async () => {
    const w = world({ maxActiveRuns: 1 });
    const [first, second] = [await w.trigger(), await w.trigger()];
    w.onCall = () => {
      throw new Error("object reset");
    };
    await w.push(first.runId, "success");
    expect(w.run(second.runId).commands).toHaveLength(0);
    w.onCall = () => {};
    w.restart();
    w.now += 60_000;
    await w.host.alarm();
    await w.quiet();
    expect(w.run(second.runId).commands).toContainEqual({ kind: "start" });
  });

  test("a run whose object never got its creation is created by the alarm with the same incarnation", async () => {
    const w = world();
    const answer = await w.host.createRun(w.request({ runId: "lost" }));
    w.restart();
    w.now += 60_000;
    await w.host.alarm();
    await w.quiet();
    const expected = answer.kind === "created" ? answer.create.head.incarnation : null;
    expect(w.run("lost").created.map((create) => create.head.incarnation)).toEqual([expected]);
  });

  test("an end that was not pushed is found by the look after the run", async () => {
    const w = world({ maxActiveRuns: 1 });
    const [first, second] = [await w.trigger(), await w.trigger()];
    const { head } = w.run(first.runId);
    if (head !== null) head.state = "success";
    w.now += 60_000;
    await w.host.alarm();
    await w.quiet();
    expect(w.run(second.runId).commands).toEqual([{ kind: "start" }]);
    expect(w.host.readState()?.activeRuns).toBe(1);
  });
});

describe("pause", () => {
  test("runs of a paused DAG wait until it is unpaused", async () => {
    const w = world({ isPausedUponCreation: true });
    const run = await w.trigger();
    expect(run.start).toBe(false);
    w.host.setPaused(false);
    await w.quiet();
    expect(w.run(run.runId).commands).toEqual([{ kind: "start" }]);
  });

  test("a paused DAG makes no scheduled run; unpaused without catchup it makes the newest only", async () => {
    const w = world({ schedule: HOURLY, startDate: at("01T00:00:00"), isPausedUponCreation: true });
    expect(await w.host.tick(at("10T10:00:00"))).toEqual({ created: 0 });
    w.host.setPaused(false);
    await w.quiet();
    expect(w.scheduled()).toEqual(["scheduled__2026-01-10T10:00:00+00:00"]);
  });
});

describe("the schedule", () => {
  test("ticks: one run per interval, whatever is repeated, late or older", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T10:00:00"), catchup: true }, false);
    expect(await w.host.tick(at("10T10:00:00"))).toEqual({ created: 1 });
    expect(await w.host.tick(at("10T10:00:00"))).toEqual({ created: 0 });
    expect(await w.host.tick(at("10T09:00:00"))).toEqual({ created: 0 });
    expect(await w.host.tick(at("10T13:30:00"))).toEqual({ created: 3 });
    expect(w.scheduled()).toHaveLength(4);
  });

  test("without catchup a gap gives its newest interval only", async () => {
    const schedule = { kind: "cron-data-interval", cron: "0 0 * * *", timezone: "UTC" } as const;
    const w = world({ schedule, startDate: at("01T00:00:00") }, false);
    await w.host.tick(at("06T00:00:00"));
    await w.host.tick(at("10T10:00:00"));
    const logicalDates = w.scheduled().map((runId) => w.run(runId).head?.logicalDate);
    expect(logicalDates).toEqual([at("05T00:00:00"), at("09T00:00:00")]);
  });

  test("a DAG whose next run waits for room is not due in the history until a run ends or more may run", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T05:00:00"), catchup: true, maxActiveRuns: 1 }, false);
    const dueAt = async (): Promise<unknown> => {
      await w.quiet();
      await w.host.mirrored();
      return w.mirrored.flatMap(({ dags }) => dags).at(-1)?.["due_at"];
    };
    await w.host.tick(at("10T06:30:00"));
    expect([w.scheduled().length, await dueAt()]).toEqual([1, null]);
    await w.push(w.scheduled()[0] ?? "", "success");
    // The one that was waiting was made with the end of the first, and nothing else is owed.
    expect([w.scheduled().length, await dueAt()]).toEqual([2, at("10T07:00:00")]);
    await w.host.tick(at("10T07:30:00"));
    expect(await dueAt()).toBeNull();
    w.host.syncSpec({ ...w.spec, maxActiveRuns: 2 }, "hash-2");
    expect(await dueAt()).toBe(at("10T07:00:00"));
    await w.host.tick(at("10T07:31:00"));
    expect([w.scheduled().length, await dueAt()]).toEqual([3, at("10T08:00:00")]);
  });

  test("catchup makes no more open runs than max_active_runs, and goes on as they end", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T05:00:00"), catchup: true, maxActiveRuns: 2 }, false);
    await w.host.tick(at("10T10:00:00"));
    expect(w.scheduled()).toHaveLength(2);
    for (const runId of w.scheduled()) await w.push(runId, "success");
    expect(w.scheduled()).toHaveLength(4);
    expect(w.scheduled()[2]).toBe("scheduled__2026-01-10T07:00:00+00:00");
  });

  test("its own alarm is set for the next run, and makes it", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T10:30:00") });
    expect(w.alarms.at(-1)).toBe(at("10T11:00:00"));
    w.now = at("10T11:00:00");
    await w.host.alarm();
    await w.quiet();
    expect(w.scheduled()).toEqual(["scheduled__2026-01-10T11:00:00+00:00"]);
    expect(w.host.readState()?.nextRunAfter).toBe(at("10T12:00:00"));
  });

  test("a manual run with the same logical date takes its place: the cursor passes over it", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T10:00:00"), catchup: true }, false);
    await w.trigger({ logicalDate: at("10T10:00:00") });
    expect(await w.host.tick(at("10T11:00:00"))).toEqual({ created: 1 });
    expect(w.scheduled()).toEqual(["scheduled__2026-01-10T11:00:00+00:00"]);
  });

  test("a changed schedule goes on from the last run: no gap, nothing twice", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T10:00:00"), catchup: true }, false);
    await w.host.tick(at("10T11:00:00"));
    w.host.syncSpec({ ...w.spec, schedule: { ...HOURLY, crons: ["0,30 * * * *"] } }, "hash-2");
    await w.host.tick(at("10T12:00:00"));
    expect(w.scheduled().map((runId) => runId.slice(22, 27))).toEqual(["10:00", "11:00", "11:30", "12:00"]);
  });

  test("a retired DAG rests until it is synced again", async () => {
    const w = world({ schedule: HOURLY, startDate: at("10T10:00:00"), catchup: true }, false);
    w.host.retire();
    expect(await w.host.tick(at("10T12:00:00"))).toEqual({ created: 0 });
    w.host.syncSpec(w.spec, "hash-1");
    expect(await w.host.tick(at("10T13:00:00"))).toEqual({ created: 4 });
  });
});

describe("the run before", () => {
  const ask = { watchId: "a", taskId: "a", downstream: [], ignoreFirst: false };

  test("without an earlier run it passes; else the same task must be done, and is told when it is", async () => {
    const w = world();
    const first = await w.trigger({ runId: "one", logicalDate: at("01T00:00:00") });
    const second = await w.trigger({ runId: "two", logicalDate: at("02T00:00:00") });
    expect(await w.host.watch({ ...ask, runId: first.runId })).toMatchObject({ passed: true });
    w.run("one").states = { a: "running" };
    expect(await w.host.watch({ ...ask, runId: second.runId })).toMatchObject({ passed: false });
    w.run("one").states = { a: "success" };
    await w.push("one", "success");
    expect(w.run("two").commands).toMatchObject([{ kind: "watched-state", watchId: "a", passed: true }]);
  });

  test("a run that waits for one that is deleted asks about the one before it, also when the news was lost", async () => {
    const w = world();
    for (const [i, runId] of ["one", "two", "three"].entries())
      await w.trigger({ runId, logicalDate: at(`0${i + 1}T00:00:00`) });
    w.run("one").states = { a: "running" };
    w.run("two").states = { a: "failed" };
    expect(await w.host.watch({ ...ask, runId: "three" })).toMatchObject({ passed: false });
    await w.host.deleteRun("two");
    await w.quiet();
    expect(w.run("three").commands).toEqual([]);
    w.run("one").states = { a: "success" };
    // No push of the first run came through: the look after open runs finds it.
    w.now += 3_600_000;
    await w.host.alarm();
    await w.quiet();
    // An order may be given twice.
    expect(w.run("three").commands[0]).toMatchObject({ kind: "watched-state", watchId: "a", passed: true });
  });

  test("when the only run before is deleted there is nothing to wait for", async () => {
    const w = world();
    await w.trigger({ runId: "one", logicalDate: at("01T00:00:00") });
    await w.trigger({ runId: "two", logicalDate: at("02T00:00:00") });
    w.run("one").states = { a: "failed" };
    expect(await w.host.watch({ ...ask, runId: "two" })).toMatchObject({ passed: false });
    await w.host.deleteRun("one");
    await w.quiet();
    expect(w.run("two").commands).toMatchObject([
      { kind: "watched-state", passed: true, reason: "there is no earlier run" },
    ]);
  });

  test("with catchup a manual run does not count as the one before", async () => {
    const w = world({ catchup: true, startDate: at("01T00:00:00") });
    await w.trigger({ runId: "manual", logicalDate: at("01T00:00:00") });
    await w.trigger({ runId: "two", logicalDate: at("02T00:00:00") });
    w.run("manual").states = { a: "failed" };
    expect(await w.host.watch({ ...ask, runId: "two" })).toMatchObject({ passed: true });
  });
});

describe("the history", () => {
  test("a created run's row is written behind the answer, and again by the alarm while D1 is down", async () => {
    const w = world();
    await w.quiet();
    w.mirrored.length = 0;
    w.onMirror = () => {
      throw new Error("D1_ERROR: down");
    };
    await w.trigger({ runId: "mine" });
    w.host.setPaused(true);
    await w.quiet();
    expect(w.mirrored).toEqual([]);
    w.onMirror = () => {};
    w.now += 10_000;
    await w.host.alarm();
    await w.quiet();
    expect(w.mirrored.flatMap((rows) => rows.runs).map((row) => row["run_id"])).toContain("mine");
    expect(w.mirrored.flatMap((rows) => rows.dags)).toMatchObject([{ is_paused: 1 }]);
  });

  test("a push is answered with what D1 did, and the run's end counts all the same", async () => {
    const w = world({ maxActiveRuns: 1 });
    const [first, second] = [await w.trigger(), await w.trigger()];
    w.onMirror = () => {
      throw new Error("D1_ERROR: down");
    };
    expect(await w.push(first.runId, "success")).toBe(false);
    expect(w.run(second.runId).commands).toEqual([{ kind: "start" }]);
  });

  test("the push of a deleted run writes nothing", async () => {
    const w = world();
    const { runId } = await w.trigger();
    await w.quiet();
    await w.host.deleteRun(runId);
    await w.quiet();
    const before = w.mirrored.flatMap((rows) => rows.runs).length;
    expect(await w.push(runId, "success")).toBe(true);
    expect(w.mirrored.flatMap((rows) => rows.runs)).toHaveLength(before);
  });
});

test("the longest of the last twenty runs makes a task known short", async () => {
  const w = world({ tasks: [aTaskSpec({ taskId: "a" }), aTaskSpec({ taskId: "slow" })] });
  const first = await w.trigger();
  await w.push(first.runId, "success", { a: 12, slow: 5_000 });
  const { runId } = await w.trigger();
  expect(w.run(runId).created[0]?.longest).toEqual({ a: 12 });
});
