/**
 * @module Runs whose retention is over, and runs that the DAG's object or the run's object has lost.
 */
import { expect, test } from "vitest";
import { nodeSql } from "../../../support/node-sql.ts";
import { DagHostWorld, RETENTION_MS } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";
import type { KeptRunsRequest } from "../../../../src/model/upkeep.ts";
import { openStorage, STORAGE_VERSION, upgradeStorage } from "../../../../src/cloudflare/dag/storage.ts";

const DAY_MS = 86_400_000;
const DAILY = { kind: "cron-trigger", crons: ["0 0 * * *"], timezone: "UTC" } as const;
const ALL: KeptRunsRequest = { after: null, upTo: null, limit: 100, known: [] };

function world(over: Partial<DagSpec> = {}): DagHostWorld {
  return new DagHostWorld(aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })], ...over }));
}

async function ended(w: DagHostWorld, runId: string, logicalDate: number | null = null): Promise<void> {
  await w.trigger({ runId, logicalDate });
  await w.push(runId, "success");
}

const expired = (w: DagHostWorld): readonly string[] =>
  (w.host.keptRuns(ALL)?.runs ?? []).filter((run) => run.isExpired).map((run) => run.runId);

test("a run expires when its retention has passed since its end; one under way never does", async () => {
  const w = world();
  await ended(w, "old");
  await w.trigger({ runId: "long" });
  await w.push("long", "running");
  w.now += RETENTION_MS - 1;
  expect(expired(w)).toEqual([]);
  w.now += 1;
  expect(expired(w)).toEqual(["old"]);
  expect(await w.host.expireRuns(["old", "long", "unknown"])).toEqual(["old"]);
  expect([w.run("old").destroyed, w.run("long").destroyed]).toEqual([true, false]);
  expect(w.host.keptRuns(ALL)?.runs.map((run) => run.runId)).toEqual(["long"]);
});

test("the DAG's own retention wins over the deployment's; null keeps for ever", async () => {
  const short = world({ retentionMs: DAY_MS });
  await ended(short, "r");
  short.now += DAY_MS;
  expect(expired(short)).toEqual(["r"]);
  const kept = world({ retentionMs: null });
  await ended(kept, "r");
  kept.now += 100 * RETENTION_MS;
  expect(expired(kept)).toEqual([]);
});

test("a cleared run counts from its new end", async () => {
  const w = world();
  await ended(w, "r");
  w.now += RETENTION_MS;
  await w.push("r", "running");
  expect(await w.host.expireRuns(["r"])).toEqual([]);
  await w.push("r", "success");
  expect(expired(w)).toEqual([]);
  w.now += RETENTION_MS;
  expect(expired(w)).toEqual(["r"]);
});

test("the newest run of the schedule stays, so that the next one finds the run before it", async () => {
  const w = world({ schedule: DAILY, startDate: Date.parse("2026-01-08T00:00:00Z"), catchup: true });
  await w.host.tick(w.now);
  await w.quiet();
  const made = w.scheduled();
  expect(made).toHaveLength(3);
  for (const runId of made) await w.push(runId, "success");
  w.host.setPaused(true);
  w.now += 2 * RETENTION_MS;
  expect(expired(w)).toEqual(made.slice(0, 2));
});

test("catchup does not make a run again that was removed before the schedule came to its date", async () => {
  const start = Date.parse("2026-01-08T00:00:00Z");
  const w = world({ schedule: DAILY, startDate: start, catchup: true, isPausedUponCreation: true });
  await ended(w, "by_hand", start + DAY_MS);
  // A run of the schedule's own is newer, else this one would be kept as the run before.
  w.now += RETENTION_MS;
  expect(await w.host.expireRuns(["by_hand"])).toEqual(["by_hand"]);
  w.restart();
  w.host.setPaused(false);
  await w.quiet();
  const dates = w.scheduled().map((runId) => runId.slice(11, 21));
  expect(dates.slice(0, 3)).toEqual(["2026-01-08", "2026-01-10", "2026-01-11"]);
});

test("a backfill that asks for a removed date makes its run", async () => {
  const start = Date.parse("2026-01-08T00:00:00Z");
  const w = world({ schedule: DAILY, startDate: start, catchup: true, isPausedUponCreation: true });
  await ended(w, "by_hand", start);
  w.now += RETENTION_MS;
  await w.host.expireRuns(["by_hand"]);
  await w.trigger({ runId: "again", logicalDate: start });
  expect(w.run("again").head?.logicalDate).toBe(start);
});

test("a removal that was cut short is finished by the upkeep", async () => {
  const w = world();
  await ended(w, "r");
  w.run("r").failDestroy = true;
  await expect(w.host.deleteRun("r")).rejects.toThrow();
  w.run("r").failDestroy = false;
  expect(expired(w)).toEqual(["r"]);
  expect(await w.host.expireRuns(["r"])).toEqual(["r"]);
  expect(w.host.keptRuns(ALL)?.runs).toEqual([]);
});

test("an open run whose object is gone does not hold its place for ever", async () => {
  const w = world({ maxActiveRuns: 1 });
  await w.trigger({ runId: "lost" });
  await w.push("lost", "running");
  await w.trigger({ runId: "next" });
  expect(w.run("next").head?.state).toBe("queued");
  w.run("lost").head = null;
  w.now += 3_600_000;
  await w.host.sweep();
  await w.quiet();
  expect(w.host.keptRuns(ALL)?.runs.map((run) => run.runId)).toEqual(["next"]);
  expect(w.run("next").commands).toContainEqual({ kind: "start" });
});

test("a run that this object does not know is taken in by its push, and looked after", async () => {
  const w = world();
  await w.trigger({ runId: "r" });
  await w.push("r", "running");
  w.sql.exec("DELETE FROM run");
  await w.push("r", "running");
  expect(w.host.keptRuns(ALL)?.runs).toMatchObject([{ runId: "r", state: "running" }]);
  expect(w.host.readState()?.activeRuns).toBe(1);
  await w.push("r", "success");
  expect(w.host.readState()?.activeRuns).toBe(0);
});

test("a removed run that pushes all the same is removed again, and nothing of it is written", async () => {
  const w = world();
  await ended(w, "r");
  await w.host.deleteRun("r");
  w.run("r").destroyed = false;
  w.mirrored.length = 0;
  await w.push("r", "success");
  expect([w.run("r").destroyed, w.host.keptRuns(ALL)?.runs]).toEqual([true, []]);
  expect(w.mirrored.flatMap((rows) => rows.runs)).toEqual([]);
});

test("an ended backfill is over with its retention, once it has no run left and the history knows its end", async () => {
  const start = Date.parse("2026-01-08T00:00:00Z");
  const w = new DagHostWorld(
    aDagSpec({ dagId: "dag", schedule: DAILY, startDate: start, tasks: [aTaskSpec({ taskId: "a" })] }),
    false,
  );
  const request = {
    fromDate: start,
    toDate: start,
    runBackwards: false,
    conf: null,
    reprocessBehavior: "none",
    maxActiveRuns: 1,
  } as const;
  w.host.backfill({ kind: "create", specHash: "hash-1", backfillId: 7, request, triggeringUser: "admin" });
  await w.quiet();
  const [runId = ""] = w.host.keptRuns(ALL)?.runs.map((run) => run.runId) ?? [];
  await w.push(runId, "success");
  await w.host.mirrored();
  const over = () => w.host.keptRuns(ALL)?.expiredBackfills;
  w.now += RETENTION_MS + DAY_MS;
  expect(over()).toEqual([]);
  await w.host.deleteRun(runId);
  expect(over()).toEqual([7]);
  expect(w.host.keptRuns({ ...ALL, after: "a" })?.expiredBackfills).toBeUndefined();
  w.host.forgetBackfills([7, 8]);
  expect([over(), w.host.backfill({ kind: "read", backfillId: 7 }).kind]).toEqual([[], "refused"]);
});

test("pages go by id up to the bound, and name the ids that are not known", async () => {
  const w = world();
  for (const runId of ["a", "b", "c", "d"]) await ended(w, runId);
  const page = w.host.keptRuns({ after: "a", upTo: "c", limit: 1, known: ["b", "x"] });
  expect([page?.runs.map((run) => run.runId), page?.isCut, page?.unknown]).toEqual([["b"], true, ["x"]]);
  const rest = w.host.keptRuns({ after: "b", upTo: "c", limit: 10, known: [] });
  expect([rest?.runs.map((run) => run.runId), rest?.isCut]).toEqual([["c"], false]);
});

test("an object that never had its DAG knows nothing", () => {
  const w = world();
  w.sql.exec("DELETE FROM meta WHERE k = 1");
  expect(w.host.keptRuns(ALL)).toBeNull();
});

test("tables of the version before get the end of runs and the memory of removed ones", () => {
  const sql = nodeSql();
  openStorage(sql);
  sql.exec("DROP TABLE removed_run");
  sql.exec("DROP INDEX run_owing");
  sql.exec("ALTER TABLE run DROP COLUMN ended_at");
  sql.exec("ALTER TABLE run DROP COLUMN head");
  sql.exec("UPDATE meta SET v = '2' WHERE k = 0");
  upgradeStorage(sql);
  expect(sql.exec("SELECT v FROM meta WHERE k = 0")[0]?.["v"]).toBe(String(STORAGE_VERSION));
  expect(sql.exec("SELECT ended_at FROM run")).toEqual([]);
  expect(sql.exec("SELECT * FROM removed_run")).toEqual([]);
});
