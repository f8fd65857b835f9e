/**
 * @module Backfills of a DAG's object on real SQL: refill, pause, cancel, restarts, runs that are there already.
 */
import { describe, expect, test } from "vitest";
import type { BackfillAnswer, BackfillRequest } from "../../../../src/model/backfill.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";

const DAILY = { kind: "cron-trigger", crons: ["0 0 * * *"], timezone: "UTC" } as const;
const at = (text: string): number => Date.parse(`2026-01-${text}T00:00:00Z`);
const runOf = (day: string): string => `backfill__2026-01-${day}T00:00:00+00:00`;

/** By hand only, as ticks go: the DAG's own schedule makes nothing here. */
function world(over: Partial<DagSpec> = {}): DagHostWorld {
  const spec = { dagId: "dag", schedule: DAILY, tasks: [aTaskSpec({ taskId: "a" })], ...over };
  return new DagHostWorld(aDagSpec(spec), false);
}

const RANGE: BackfillRequest = {
  fromDate: at("01"),
  toDate: at("05"),
  runBackwards: false,
  conf: null,
  reprocessBehavior: "none",
  maxActiveRuns: 2,
};

async function start(w: DagHostWorld, over: Partial<BackfillRequest> = {}, backfillId = 7): Promise<BackfillAnswer> {
  const request = { ...RANGE, ...over };
  const answer = w.host.backfill({ kind: "create", specHash: "hash-1", backfillId, request, triggeringUser: "admin" });
  await w.quiet();
  return answer;
}

function read(w: DagHostWorld, backfillId = 7): Extract<BackfillAnswer, { kind: "backfill" }> {
  const answer = w.host.backfill({ kind: "read", backfillId });
  if (answer.kind !== "backfill") throw new Error(JSON.stringify(answer));
  return answer;
}

function order(w: DagHostWorld, kind: "pause" | "unpause" | "cancel", backfillId = 7): BackfillAnswer {
  return w.host.backfill({ kind, backfillId });
}

const running = (w: DagHostWorld): string[] =>
  [...w.runs].filter(([, run]) => run.head?.state === "running").map(([runId]) => runId);

/** Ends runs until nothing runs any more; answers them in the order of their end. */
async function runOut(w: DagHostWorld): Promise<string[]> {
  const ended: string[] = [];
  for (let [runId] = running(w); runId !== undefined; [runId] = running(w)) {
    // One end after the other: each makes room for the next.
    // oxlint-disable-next-line no-await-in-loop
    await w.push(runId, "success");
    ended.push(runId);
  }
  return ended;
}

describe("making a backfill", () => {
  test("the dry run lists what would be made and makes nothing", async () => {
    const w = world();
    await w.trigger({ runId: "there", logicalDate: at("02") });
    const plan = w.host.backfill({ kind: "dry-run", specHash: "hash-1", request: RANGE });
    expect(plan).toEqual({ kind: "planned", logicalDates: ["01", "03", "04", "05"].map(at) });
    expect([...w.runs.keys()]).toEqual(["there"]);
  });

  test("its runs have deterministic ids, dates, conf and the backfill's id, and start within its own limit", async () => {
    const w = world({ maxActiveRuns: 1 });
    await w.trigger({ runId: "manual" });
    expect(await start(w, { conf: { region: "eu" } })).toMatchObject({ kind: "backfill", backfill: { backfillId: 7 } });
    expect(running(w)).toEqual(["manual", runOf("01"), runOf("02")]);
    expect(w.run(runOf("01")).head).toMatchObject({
      runType: "backfill",
      triggeredBy: "backfill",
      logicalDate: at("01"),
      conf: { region: "eu" },
      backfillId: "7",
    });
  });

  test("the same id again is the same backfill; another one is refused while it is open", async () => {
    const w = world();
    const first = await start(w);
    expect(await start(w)).toEqual({ ...first, progress: read(w).progress });
    expect(await start(w, {}, 8)).toMatchObject({
      kind: "refused",
      error: { code: "backfill_already_running", message: "There is already a running backfill for dag dag" },
    });
  });

  test("an unknown version of the DAG is asked for; a conf that does not fit and an empty range are refused", async () => {
    const w = world({ params: { n: { schema: { type: "integer" }, value: 1, description: null } } });
    expect(w.host.backfill({ kind: "dry-run", specHash: "hash-2", request: RANGE })).toEqual({
      kind: "spec-needed",
      have: "hash-1",
    });
    expect(await start(w, { conf: { n: "x" } })).toMatchObject({ kind: "refused", error: { code: "invalid_params" } });
    expect(await start(w, { fromDate: at("01") + 1, toDate: at("01") + 2 })).toMatchObject({
      error: { code: "invalid_backfill", message: "No runs to create for Dag dag" },
    });
    expect(w.host.backfill({ kind: "read", backfillId: 7 })).toMatchObject({ error: { code: "backfill_not_found" } });
  });
});

describe("refill", () => {
  test("each end makes room for one more, oldest first, with no tick; the last end completes it", async () => {
    const w = world();
    await start(w);
    await w.push(runOf("02"), "failed");
    expect(running(w)).toEqual([runOf("01"), runOf("03")]);
    expect(read(w).progress).toEqual({ total: 5, left: 2, skipped: 0, queued: 0, running: 2, success: 0, failed: 1 });
    await runOut(w);
    expect(read(w)).toMatchObject({ backfill: { completedAt: w.now }, progress: { left: 0, success: 4, failed: 1 } });
    expect([...w.runs.keys()]).toEqual(["01", "02", "03", "04", "05"].map(runOf));
  });

  test("backwards starts with the newest", async () => {
    const w = world();
    await start(w, { runBackwards: true, maxActiveRuns: 1 });
    expect(await runOut(w)).toEqual(["05", "04", "03", "02", "01"].map(runOf));
  });

  test("a restart at any point, with orders lost, goes on where the last commit was: every run once", async () => {
    const w = world();
    w.onCall = () => {
      throw new Error("the run's object does not answer");
    };
    await start(w);
    w.restart();
    w.onCall = () => {};
    for (let round = 0; round < 20 && read(w).backfill.completedAt === null; round++) {
      w.now += 60_000;
      // Each round is one alarm of a new instance.
      // oxlint-disable-next-line no-await-in-loop
      await w.host.alarm();
      // oxlint-disable-next-line no-await-in-loop
      await w.quiet();
      const [runId] = running(w);
      // oxlint-disable-next-line no-await-in-loop
      if (runId !== undefined) await w.push(runId, "success");
      w.restart();
    }
    expect(read(w).progress).toMatchObject({ total: 5, left: 0, success: 5 });
    expect([...w.runs.values()].map((run) => run.created.length)).toEqual([1, 1, 1, 1, 1]);
  });

  test("with room for more than one go can make, the alarm goes on at once", async () => {
    const w = world();
    w.now = Date.parse("2026-12-01T00:00:00Z");
    await start(w, { toDate: at("01") + 119 * 86_400_000, maxActiveRuns: 500 });
    expect(w.runs.size).toBe(50);
    expect(w.alarms.at(-1)).toBe(w.now);
    await w.host.alarm();
    await w.host.alarm();
    await w.quiet();
    expect(w.runs.size).toBe(120);
  });

  test("a paused DAG rests its backfill, and goes on when it is unpaused", async () => {
    const w = world();
    w.host.setPaused(true);
    await start(w);
    expect(w.runs.size).toBe(0);
    w.host.setPaused(false);
    await w.quiet();
    expect(running(w)).toHaveLength(2);
  });

  test("a run of the schedule made meanwhile takes its slot: it is skipped", async () => {
    const w = world();
    await start(w);
    await w.trigger({ runId: "mine", logicalDate: at("03") });
    await w.push(runOf("01"), "success");
    expect(running(w)).toEqual([runOf("02"), "mine", runOf("04")]);
    expect(read(w).progress).toMatchObject({ skipped: 1, left: 1 });
  });

  test("with every slot taken it is completed at once", async () => {
    const w = world();
    await w.trigger({ runId: "there", logicalDate: at("01") });
    await start(w, { toDate: at("01") });
    expect(read(w)).toMatchObject({ backfill: { completedAt: w.now }, progress: { total: 1, skipped: 1 } });
  });
});

describe("pause and cancel", () => {
  test("paused, running runs go on and no further one is made; unpaused it goes on", async () => {
    const w = world();
    await start(w);
    expect(order(w, "pause")).toMatchObject({ backfill: { isPaused: true, completedAt: null } });
    await w.push(runOf("01"), "success");
    expect(running(w)).toEqual([runOf("02")]);
    expect(order(w, "unpause")).toMatchObject({ backfill: { isPaused: false } });
    await w.quiet();
    expect(running(w)).toEqual(["02", "03", "04"].slice(0, 2).map(runOf));
  });

  test("cancelled, it is completed at once, makes no further run, and takes no further order", async () => {
    const w = world();
    await start(w);
    expect(order(w, "cancel")).toMatchObject({
      backfill: { isPaused: true, completedAt: w.now },
      progress: { left: 0 },
    });
    expect(await runOut(w)).toEqual([runOf("01"), runOf("02")]);
    for (const kind of ["pause", "unpause", "cancel"] as const) {
      expect(order(w, kind)).toMatchObject({
        kind: "refused",
        error: { code: "backfill_completed", message: "Backfill is already completed." },
      });
    }
    expect(order(w, "cancel", 99)).toMatchObject({ error: { message: "Could not find backfill with id 99" } });
    expect(await start(w, { fromDate: at("06"), toDate: at("06") }, 8)).toMatchObject({ kind: "backfill" });
  });
});

describe("runs that have ended already", () => {
  async function withEnded(): Promise<DagHostWorld> {
    const w = world();
    await w.trigger({ runId: "good", logicalDate: at("01") });
    await w.trigger({ runId: "bad", logicalDate: at("02") });
    await w.push("good", "success");
    await w.push("bad", "failed");
    return w;
  }
  const reprocessed = (w: DagHostWorld, runId: string): unknown =>
    w.run(runId).commands.find(({ kind }) => kind === "reprocess");

  test("reprocess failed runs the failed one again, in the backfill's limit and with its conf", async () => {
    const w = await withEnded();
    await start(w, { reprocessBehavior: "failed", toDate: at("03"), conf: { x: 1 }, maxActiveRuns: 1 });
    expect(reprocessed(w, "good")).toBeUndefined();
    expect(reprocessed(w, "bad")).toEqual({ kind: "reprocess", backfillId: "7", conf: { x: 1 } });
    expect(running(w)).toEqual(["bad"]);
    await w.push("bad", "success");
    expect(running(w)).toEqual([runOf("03")]);
  });

  test("reprocess completed runs all again; a late push of the time before changes nothing", async () => {
    const w = await withEnded();
    w.onCall = () => {
      throw new Error("the run's object does not answer");
    };
    await start(w, { reprocessBehavior: "completed", toDate: at("02") });
    await w.push("good", "success");
    expect(read(w).progress).toMatchObject({ running: 2 });
    w.onCall = () => {};
    w.now += 60_000;
    await w.host.alarm();
    await w.quiet();
    expect(reprocessed(w, "good")).toBeDefined();
    expect(await runOut(w)).toEqual(["good", "bad"]);
    expect(read(w)).toMatchObject({ backfill: { completedAt: w.now }, progress: { success: 2 } });
  });
});

describe("depends_on_past", () => {
  const watch = { watchId: "w", taskId: "a", downstream: [], ignoreFirst: false };

  test("the first run of a backfill waits for no run before it; the second does", async () => {
    const w = world();
    await w.trigger({ runId: "before", logicalDate: at("01") });
    w.run("before").states = { a: "failed" };
    await start(w, { fromDate: at("02"), reprocessBehavior: "failed" });
    expect(await w.host.watch({ ...watch, runId: runOf("02") })).toMatchObject({ passed: true });
    w.run(runOf("02")).states = { a: "running" };
    expect(await w.host.watch({ ...watch, runId: runOf("03") })).toMatchObject({ passed: false });
  });
});

describe("the history", () => {
  test("the backfill's row is written, and again by the alarm while D1 is down, also by a new instance", async () => {
    const w = world();
    await w.quiet();
    w.mirrored.length = 0;
    w.onMirror = () => {
      throw new Error("D1 is down");
    };
    await start(w, { toDate: at("01") });
    await w.push(runOf("01"), "success");
    expect(w.mirrored).toEqual([]);
    w.restart();
    w.onMirror = () => {};
    w.now += 10_000;
    await w.host.alarm();
    await w.quiet();
    const rows = w.mirrored.flatMap(({ backfills }) => backfills);
    expect(rows.at(-1)).toMatchObject({ backfill_id: 7, dag_id: "dag", completed_at: expect.any(Number), seq: 2 });
    const before = w.mirrored.length;
    await w.host.alarm();
    await w.quiet();
    expect(w.mirrored.slice(before).flatMap(({ backfills }) => backfills)).toEqual([]);
  });
});
