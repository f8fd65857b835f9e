/**
 * @module The daily upkeep in workerd: runs removed after their retention, whatever cuts it short; rows, objects and runs that lost each other.
 */
import { createExecutionContext, evictDurableObject, runInDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { handleScheduled } from "../../../src/cloudflare/dag/cron.ts";
import type { Env } from "../../../src/cloudflare/env.ts";
import { noteUpkeep, upkeepPlace } from "../../../src/cloudflare/history/queries/upkeep.ts";
import { keepDag } from "../../../src/cloudflare/upkeep/upkeep.ts";
import { putRunsInOrder } from "../../../src/cloudflare/upkeep/run-page.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { TaskMessage } from "../../../src/model/task-message.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const { DAG, DAG_RUN } = env as unknown as {
  readonly DAG: DurableObjectNamespace;
  readonly DAG_RUN: DurableObjectNamespace;
};
const DAY_MS = 86_400_000;
const PAGE = { after: null, limit: 100, expire: true, all: false, dryRun: false };

/** A DAG of one task that needs no driver, with as many ended runs. */
async function aDag(dagId: string, runIds: readonly string[]): Promise<void> {
  const task = aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" });
  await workerEnv.DAG.getByName(dagId).syncSpec(aDagSpec({ dagId, tasks: [task] }), `hash-${dagId}`);
  const columns =
    "dag_id, relative_fileloc, owners, timetable_kind, max_active_tasks, max_active_runs, max_consecutive_failed_dag_runs, spec_hash, version_number, last_parsed_at";
  const row = `INSERT INTO dag (${columns}) VALUES (?, 'f.ts', '', 'none', 16, 16, 0, ?, 1, 1)`;
  await workerEnv.DB.prepare(row).bind(dagId, `hash-${dagId}`).run();
  await workerEnv.DB.prepare("INSERT INTO upkeep (dag_id, due_at) VALUES (?, 0)").bind(dagId).run();
  for (const runId of runIds) {
    // One after the other, so that a page's order is theirs.
    // oxlint-disable-next-line no-await-in-loop
    await aRun(dagId, runId);
  }
  await workerEnv.DAG.getByName(dagId).mirrored();
}

async function aRun(dagId: string, runId: string): Promise<void> {
  const made = await workerEnv.DAG.getByName(dagId).createRun({
    callId: crypto.randomUUID(),
    specHash: `hash-${dagId}`,
    runId,
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate: null,
    dataInterval: null,
    runAfter: null,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: false,
  });
  if (made.kind !== "created") throw new Error(made.kind);
  const run = runOf(dagId, runId);
  const { head } = await run.create({ ...made.create, offer: null });
  await run.wait(10_000);
  const life = `${dagId}/${runId}/${head.incarnation}`;
  await workerEnv.OBJECTS.put(`xcom/${life}/a/-1/token/return_value`, "x");
  await workerEnv.OBJECTS.put(`logs/${life}/1`, "x");
}

const runOf = (dagId: string, runId: string) => workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId));

/** As if these runs had ended so many days earlier. */
async function age(dagId: string, runIds: readonly string[], days: number): Promise<void> {
  await runInDurableObject(DAG.getByName(dagId), (_object, { storage }) => {
    for (const runId of runIds)
      storage.sql.exec("UPDATE run SET ended_at = ended_at - ? WHERE run_id = ?", days * DAY_MS, runId);
  });
}

async function inHistory(dagId: string, table = "dag_run"): Promise<readonly string[]> {
  const query = `SELECT DISTINCT run_id FROM ${table} WHERE dag_id = ? ORDER BY run_id`;
  const { results } = await workerEnv.DB.prepare(query).bind(dagId).all<{ run_id: string }>();
  return results.map((row) => row.run_id);
}

async function known(dagId: string): Promise<readonly string[]> {
  const kept = await workerEnv.DAG.getByName(dagId).keptRuns({ after: null, upTo: null, limit: 1_000, known: [] });
  return (kept?.runs ?? []).map((run) => run.runId);
}

async function objectsOf(dagId: string): Promise<readonly string[]> {
  const lists = await Promise.all(
    ["xcom", "logs"].map((kind) => workerEnv.OBJECTS.list({ prefix: `${kind}/${dagId}/` })),
  );
  return [...new Set(lists.flatMap(({ objects }) => objects.map(({ key }) => key.split("/")[2] ?? "")))].toSorted();
}

/** The Worker's bindings with some of them replaced. */
const withBindings = (over: Partial<Env>): Env => ({ ...workerEnv, DB: workerEnv.DB, ...over });

/** Each call of a method spends. */
function counted<T extends object>(target: T, spend: () => void): T {
  return new Proxy(target, {
    get: (object, name) => {
      const value: unknown = Reflect.get(object, name);
      if (typeof value !== "function") return value;
      return (...args: unknown[]) => {
        spend();
        return Reflect.apply(value, object, args) as unknown;
      };
    },
  });
}

async function storedTables(dagId: string, runId: string): Promise<number> {
  const object = DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  return await runInDurableObject(
    object,
    (_object, { storage }) =>
      storage.sql.exec("SELECT name FROM sqlite_master WHERE name NOT LIKE '\\_cf%' ESCAPE '\\'").toArray().length,
  );
}

test("a run goes everywhere after its retention; others stay", async () => {
  await aDag("kept_90", ["r1", "r2", "r3"]);
  await age("kept_90", ["r1", "r3"], 91);
  await age("kept_90", ["r2"], 89);
  await keepDag(workerEnv, "kept_90");
  expect([await known("kept_90"), await inHistory("kept_90"), await objectsOf("kept_90")]).toEqual([
    ["r2"],
    ["r2"],
    ["r2"],
  ]);
  expect(await inHistory("kept_90", "task_instance")).toEqual(["r2"]);
  expect([await storedTables("kept_90", "r1"), (await runOf("kept_90", "r2").readHead())?.state]).toEqual([
    0,
    "success",
  ]);
  const due = await workerEnv.DB.prepare("SELECT due_at FROM upkeep WHERE dag_id = 'kept_90'").first<number>("due_at");
  expect(due).toBeGreaterThan(Date.now() + DAY_MS / 2);
});

test("retention that is killed at any call goes on and ends, and leaves nothing behind", async () => {
  const runIds = Array.from({ length: 12 }, (_, i) => `r${String(i).padStart(2, "0")}`);
  await aDag("killed", runIds);
  await age("killed", runIds.slice(0, 5), 100);
  const down = { ...workerEnv.OBJECTS, list: () => Promise.reject(new Error("R2 is down")) } as unknown as R2Bucket;
  await expect(keepDag(withBindings({ OBJECTS: down }), "killed")).rejects.toThrow("R2 is down");
  await age("killed", runIds.slice(5, 10), 100);
  let calls = 0;
  for (let budget = 0; budget === 0 || calls > budget; budget++) {
    calls = 0;
    const spend = (): void => {
      if (++calls > budget) throw new Error("killed");
    };
    const killed = withBindings({
      DB: counted(workerEnv.DB, spend),
      DAG: { getByName: (dagId) => counted(workerEnv.DAG.getByName(dagId), spend) },
      DAG_RUN: { getByName: (name) => counted(workerEnv.DAG_RUN.getByName(name), spend) },
    });
    // One kill after the other, each a call later.
    // oxlint-disable-next-line no-await-in-loop
    await keepDag(killed, "killed").catch(() => {});
  }
  await keepDag(workerEnv, "killed");
  const left = runIds.slice(10);
  expect([await known("killed"), await inHistory("killed"), await objectsOf("killed")]).toEqual([left, left, left]);
});

test("a DAG with many runs goes on behind the page where it was, in a further message", async () => {
  const runIds = Array.from({ length: 23 }, (_, i) => `r${String(i).padStart(2, "0")}`);
  await aDag("paged", runIds);
  await age("paged", runIds, 100);
  const sent: TaskMessage[] = [];
  const free = withBindings({
    AIRFLARE_PLAN: "free",
    TASK_QUEUE: { sendBatch: async (messages) => void sent.push(...[...messages].map(({ body }) => body)) },
  });
  await keepDag(free, "paged");
  expect(sent).toMatchObject([{ kind: "retention-page", dagId: "paged" }]);
  const place = await upkeepPlace(workerEnv.DB, "paged");
  expect(place).toBe((await known("paged")).length < 23 ? runIds[22 - (await known("paged")).length] : null);
  // The message may come twice, or never: then the next tick that finds it due.
  for (let rounds = 0; rounds < 10 && (await known("paged")).length > 0; rounds++) await keepDag(free, "paged");
  expect([await known("paged"), await inHistory("paged")]).toEqual([[], []]);
});

test("what is due is started by the clock, and taken up again when nobody finished it", async () => {
  await aDag("by_clock", ["r1"]);
  await age("by_clock", ["r1"], 100);
  await workerEnv.DB.prepare("UPDATE upkeep SET due_at = 9e15 WHERE dag_id <> 'by_clock'").run();
  const sent: TaskMessage[] = [];
  const lost = withBindings({
    TASK_QUEUE: { sendBatch: async (messages) => void sent.push(...[...messages].map(({ body }) => body)) },
  });
  const tick = (bindings: Env) =>
    handleScheduled({ scheduledTime: Date.now() }, bindings, createExecutionContext(), dagIndex);
  await tick(lost);
  await tick(lost);
  const started = (): number => sent.filter((message) => message.kind === "retention-page").length;
  expect(started()).toBe(1);
  await noteUpkeep(workerEnv.DB, "by_clock", null, 0);
  await tick(workerEnv);
  await vi.waitFor(async () => expect(await known("by_clock")).toEqual([]), { timeout: 10_000 });
});

test("every DAG gets its upkeep, each at a time of its own within a day", async () => {
  await workerEnv.DB.prepare("UPDATE upkeep SET due_at = iif(dag_id = '', 0, 9e15)").run();
  await workerEnv.DB.prepare("DELETE FROM upkeep WHERE dag_id = 'etl'").run();
  await handleScheduled({ scheduledTime: Date.now() }, workerEnv, createExecutionContext(), dagIndex);
  const { results } = await workerEnv.DB.prepare(
    "SELECT due_at - ? AS later FROM upkeep WHERE dag_id IN ('etl', 'fan_out')",
  )
    .bind(Date.now())
    .all<{ later: number }>();
  expect(results).toHaveLength(2);
  for (const { later } of results) expect(later).toBeLessThanOrEqual(DAY_MS);
});

test("entries of the event log go after 90 days, even when runs are kept for a shorter time", async () => {
  const log = "INSERT INTO event_log (at, event) SELECT ? - value ->> 0, value ->> 1 FROM json_each(?)";
  const ages = [
    [91 * DAY_MS, "old"],
    [89 * DAY_MS, "young"],
  ];
  await workerEnv.DB.prepare(log).bind(Date.now(), JSON.stringify(ages)).run();
  await workerEnv.DB.prepare("UPDATE upkeep SET due_at = iif(dag_id = '', 0, 9e15)").run();
  const short = withBindings({ AIRFLARE_RETENTION_DAYS: "7" });
  await handleScheduled({ scheduledTime: Date.now() }, short, createExecutionContext(), dagIndex);
  const { results } = await workerEnv.DB.prepare("SELECT event FROM event_log").all();
  expect(results).toEqual([{ event: "young" }]);
});

test("versions that no run needs go with their specs; the present one and those of kept runs stay", async () => {
  await aDag("versions", ["r1"]);
  const { DB } = workerEnv;
  await DB.prepare("UPDATE dag SET version_number = 4, spec_hash = 'v4' WHERE dag_id = 'versions'").run();
  const rows = [
    [1, "hash-versions", 10],
    [2, "v2", 9],
    [3, "v3", 8],
    [4, "v4", 7],
  ].map(([number, hash, days]) => [number, hash, Date.now() - Number(days) * DAY_MS]);
  await DB.prepare(
    "INSERT INTO dag_version (dag_id, version_number, spec_hash, created_at) SELECT 'versions', value ->> 0, value ->> 1, value ->> 2 FROM json_each(?)",
  )
    .bind(JSON.stringify(rows))
    .run();
  for (const hash of ["v2", "v3", "v4", "hash-versions"]) await workerEnv.OBJECTS.put(`specs/${hash}`, "{}");
  await keepDag(workerEnv, "versions");
  const left = await DB.prepare("SELECT version_number FROM dag_version WHERE dag_id = 'versions'").all();
  expect(left.results).toEqual([{ version_number: 1 }, { version_number: 4 }]);
  const specs = await Promise.all(["v2", "v3", "v4"].map((hash) => workerEnv.OBJECTS.head(`specs/${hash}`)));
  expect(specs.map((spec) => spec !== null)).toEqual([false, false, true]);
});

test("a row without a run goes, with what the run left in R2", async () => {
  await aDag("row_only", ["r1", "r2"]);
  await runInDurableObject(DAG.getByName("row_only"), (_object, { storage }) => {
    storage.sql.exec("DELETE FROM run WHERE run_id = 'r1'");
  });
  const head = await runOf("row_only", "r1").readHead();
  await runOf("row_only", "r1").destroy(head?.incarnation ?? "");
  expect(await putRunsInOrder(workerEnv, "row_only", PAGE)).toMatchObject({ orphans: 1, restored: 0 });
  expect([await inHistory("row_only"), await objectsOf("row_only")]).toEqual([["r2"], ["r2"]]);
});

test("a run that its DAG's object has lost is the DAG's again", async () => {
  await aDag("lost_by_dag", ["r1"]);
  await runInDurableObject(DAG.getByName("lost_by_dag"), (_object, { storage }) => {
    storage.sql.exec("DELETE FROM run");
  });
  await putRunsInOrder(workerEnv, "lost_by_dag", PAGE);
  expect([await known("lost_by_dag"), await inHistory("lost_by_dag")]).toEqual([["r1"], ["r1"]]);
});

test("rows that D1 lost come back whole; a dry run only counts", async () => {
  await aDag("lost_rows", ["r1", "r2", "r3"]);
  const { DB } = workerEnv;
  await DB.prepare("DELETE FROM dag_run WHERE dag_id = 'lost_rows' AND run_id <> 'r2'").run();
  await DB.prepare("DELETE FROM task_instance_block WHERE dag_id = 'lost_rows' AND run_id <> 'r2'").run();
  const dry = await putRunsInOrder(workerEnv, "lost_rows", { ...PAGE, dryRun: true });
  expect([dry.restored, await inHistory("lost_rows")]).toEqual([2, ["r2"]]);
  await putRunsInOrder(workerEnv, "lost_rows", PAGE);
  expect(await inHistory("lost_rows")).toEqual(["r1", "r2", "r3"]);
  expect(await inHistory("lost_rows", "task_instance")).toEqual(["r1", "r2", "r3"]);
});

test("a finished run whose object is gone is no run", async () => {
  await aDag("object_gone", ["r1", "r2"]);
  const head = await runOf("object_gone", "r1").readHead();
  await runOf("object_gone", "r1").destroy(head?.incarnation ?? "");
  await putRunsInOrder(workerEnv, "object_gone", { ...PAGE, all: true });
  expect([await known("object_gone"), await inHistory("object_gone")]).toEqual([["r2"], ["r2"]]);
});

/** As if a backfill of the DAG had ended so many days ago; the history has it. */
async function aBackfill(dagId: string, backfillId: number, days: number): Promise<void> {
  const at = Date.now() - days * DAY_MS;
  await runInDurableObject(DAG.getByName(dagId), (_object, { storage }) => {
    storage.sql.exec(
      "INSERT INTO backfill (backfill_id, v, is_open, first_date, total, cursor, skipped, seq, mirrored_seq) VALUES (?, ?, 0, 0, 0, 0, 0, 1, 1)",
      backfillId,
      JSON.stringify({ backfillId, dagId, completedAt: at }),
    );
  });
  // What it remembers of the table is older than the row.
  await evictDurableObject(DAG.getByName(dagId));
  await workerEnv.DB.prepare(
    `INSERT INTO backfill (backfill_id, dag_id, from_date, to_date, reprocess_behavior, max_active_runs, created_at, updated_at, completed_at, seq)
      VALUES (?1, ?2, 0, 0, 'none', 1, ?3, ?3, ?3, 1)`,
  )
    .bind(backfillId, dagId, at)
    .run();
}

test("an ended backfill goes after its retention, but the newest of all keeps its id taken", async () => {
  await aDag("filled", []);
  await aBackfill("filled", 901, 100);
  await aBackfill("filled", 902, 5);
  await aBackfill("filled", 903, 100);
  const ids = async () => {
    const { results } = await workerEnv.DB.prepare(
      "SELECT backfill_id AS id FROM backfill WHERE dag_id = 'filled' ORDER BY 1",
    ).all();
    const kept = await runInDurableObject(DAG.getByName("filled"), (_object, { storage }) =>
      storage.sql.exec("SELECT backfill_id AS id FROM backfill ORDER BY 1").toArray(),
    );
    expect(kept).toEqual(results);
    return results.map(({ id }) => id);
  };
  expect((await putRunsInOrder(workerEnv, "filled", { ...PAGE, dryRun: true })).looked).toBe(0);
  expect(await ids()).toEqual([901, 902, 903]);
  await keepDag(workerEnv, "filled");
  expect(await ids()).toEqual([902, 903]);
  await aBackfill("filled", 904, 0);
  await keepDag(workerEnv, "filled");
  expect(await ids()).toEqual([902, 904]);
});

test("rows of deleted schedules and of ones that were never made go after a day", async () => {
  await aDag("rescheduled", []);
  const old = Date.now() - 2 * DAY_MS;
  const rows: readonly (readonly [string, number, number, number])[] = [
    ["deleted long ago", old, 1, old],
    ["deleted now", old, 1, Date.now()],
    ["never made", old, 0, 0],
    ["being made", Date.now(), 0, 0],
    ["alive", old, 0, old],
  ];
  const insert = `INSERT INTO schedule (schedule_id, dag_id, schedule_json, created_at, is_deleted, seq)
    SELECT value ->> 0, 'rescheduled', '{}', value ->> 1, value ->> 2, value ->> 3 FROM json_each(?)`;
  await workerEnv.DB.prepare(insert).bind(JSON.stringify(rows)).run();
  await keepDag(workerEnv, "rescheduled");
  const left = await workerEnv.DB.prepare(
    "SELECT schedule_id AS id FROM schedule WHERE dag_id = 'rescheduled' ORDER BY 1",
  ).all();
  expect(left.results.map(({ id }) => id)).toEqual(["alive", "being made", "deleted now"]);
});
