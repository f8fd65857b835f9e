/**
 * @module D1 is lost: the history comes back from the objects, page by page, however often the rebuild is cut short.
 */
import { beforeAll, expect, test, vi } from "vitest";
import { registerDags, registeredDags } from "../../../src/cloudflare/upkeep/dag-registry.ts";
import { rebuildPage } from "../../../src/cloudflare/upkeep/rebuild.ts";
import type { RebuildResult } from "../../../src/cloudflare/upkeep/rebuild.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { api, endOf, runPath, triggerRun } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const TABLES = [
  "dag",
  "dag_version",
  "dag_tag",
  "dag_run",
  "task_instance",
  "task_instance_try",
  "backfill",
  "schedule",
];
/** Written anew by nobody but the object that owns them: what a rebuild cannot know. */
const UNKNOWN = ["bundle_version", "created_at", "last_parsed_at", "updated_at"];
const { DB } = workerEnv;
const LONG = { timeout: 60_000 };

async function contents(): Promise<Record<string, unknown[]>> {
  const known = (row: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(row).filter(([column]) => !UNKNOWN.includes(column)));
  const tables = await Promise.all(TABLES.map((table) => DB.prepare(`SELECT * FROM ${table}`).all()));
  return Object.fromEntries(
    tables.map(({ results }, i) => [
      TABLES[i],
      results.map((row) => known(row)).toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)),
    ]),
  );
}

/** As a new database: only the migrations have been applied. */
async function lose(): Promise<void> {
  const tables = TABLES.map((table) => (table === "task_instance" ? "task_instance_block" : table));
  await DB.batch([...tables, "deployment"].map((table) => DB.prepare(`DELETE FROM ${table}`)));
}

async function rebuild(dryRun = false, all = false): Promise<RebuildResult[]> {
  const pages: RebuildResult[] = [];
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    // Each page begins where the last one ended.
    // oxlint-disable-next-line no-await-in-loop
    const page = await rebuildPage({ ...workerEnv, AIRFLARE_PLAN: "free" }, dagIndex, { cursor, all, dryRun });
    pages.push(page);
    cursor = page.cursor;
  }
  return pages;
}

const sum = (pages: readonly RebuildResult[], name: Exclude<keyof RebuildResult, "cursor">): number =>
  pages.reduce((total, page) => total + page[name], 0);

let before: Record<string, unknown[]> = {};

beforeAll(async () => {
  const runs = await Promise.all([triggerRun("etl"), triggerRun("retried"), triggerRun("fan_out")]);
  await Promise.all(["etl", "retried", "fan_out"].map((dagId, i) => endOf(dagId, runs[i] ?? "")));
  const removed = workerEnv.DAG.getByName("removed_later");
  const task = aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" });
  await removed.syncSpec(aDagSpec({ dagId: "removed_later", tasks: [task], tags: ["old"] }), "old-hash");
  await removed.retire();
  const schedule = { dag_id: "by_hour", id: "nightly", cron: "0 3 * * *", key: "tenant" };
  await api("POST", "/api/airflare/v1/schedules", schedule);
  const range = { from_date: "2026-01-01T00:00:00Z", to_date: "2026-01-01T02:00:00Z", max_active_runs: 3 };
  const { id } = await api<{ id: number }>("POST", "/api/v2/backfills", { dag_id: "by_hour", ...range });
  await vi.waitFor(async () => {
    const { completed_at } = await api<{ completed_at: string | null }>("GET", `/api/v2/backfills/${id}`);
    expect(completed_at).not.toBeNull();
  }, LONG);
  await registerDags(workerEnv.OBJECTS, [...Object.keys(dagIndex.dags), "removed_later", "never_was"]);
  // Its row, which a deploy would have made.
  await rebuild();
  before = await contents();
}, LONG.timeout);

test("everything that objects own comes back as it was", LONG, async () => {
  expect([before["dag_run"]?.length, before["backfill"]?.length, before["schedule"]?.length]).toEqual([6, 1, 1]);
  await lose();
  const pages = await rebuild();
  expect(pages.length).toBeGreaterThan(3);
  expect(await contents()).toEqual(before);
  expect([sum(pages, "runsRestored"), sum(pages, "runsRemoved")]).toEqual([6, 0]);
  expect(sum(pages, "dagsRestored")).toBe(Object.keys(dagIndex.dags).length + 1);
});

test("a DAG that is not deployed any more is listed as stale again, with its tags", async () => {
  const dag = await api("GET", "/api/v2/dags/removed_later");
  expect(dag).toMatchObject({ is_stale: true, tags: [{ name: "old" }] });
});

test("a second rebuild finds nothing to do; one of all writes every run again and changes nothing", LONG, async () => {
  expect(sum(await rebuild(), "runsRestored")).toBe(0);
  expect(sum(await rebuild(false, true), "runsRestored")).toBe(6);
  expect(await contents()).toEqual(before);
});

test("a rebuild killed after any page is started again from the beginning, or from its cursor", LONG, async () => {
  await lose();
  const first = await rebuildPage({ ...workerEnv, AIRFLARE_PLAN: "free" }, dagIndex, {
    cursor: null,
    all: false,
    dryRun: false,
  });
  expect(first.cursor).not.toBeNull();
  const pages = await rebuild();
  expect(sum(pages, "runsRestored") + first.runsRestored).toBe(6);
  expect(await contents()).toEqual(before);
});

test("a dry run says what would come back, and writes nothing", LONG, async () => {
  await lose();
  const pages = await rebuild(true);
  expect([sum(pages, "runsRestored"), sum(pages, "dagsRestored")]).toEqual([6, Object.keys(dagIndex.dags).length + 1]);
  expect((await contents())["dag_run"]).toEqual([]);
  await rebuild();
});

test("rows of runs that D1 has from a time before they were deleted go", LONG, async () => {
  const runId = await triggerRun("etl");
  await endOf("etl", runId);
  const row = await DB.prepare("SELECT * FROM dag_run WHERE run_id = ?").bind(runId).first();
  await api("DELETE", runPath("etl", runId));
  const names = Object.keys(row ?? {});
  await DB.prepare(`INSERT INTO dag_run (${names.join()}) VALUES (${names.map(() => "?").join()})`)
    .bind(...Object.values(row ?? {}))
    .run();
  expect(sum(await rebuild(), "runsRemoved")).toBe(1);
  expect(await contents()).toEqual(before);
});

test("the route goes through the pages; a cursor of something else is refused", LONG, async () => {
  const path = "/api/airflare/v1/history/rebuild";
  const pages: unknown[] = [];
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    // oxlint-disable-next-line no-await-in-loop
    const page: { cursor: string | null } = await api("POST", path, { cursor });
    pages.push(page);
    cursor = page.cursor;
  }
  expect(pages.at(-1)).toMatchObject({ cursor: null, dag_runs_restored: 0 });
  await expect(api("POST", path, { cursor: "{}" })).rejects.toThrow(/answered 400.*is no cursor of a rebuild/);
});

test("the list of DAGs only grows", async () => {
  await registerDags(workerEnv.OBJECTS, ["etl", "a_new_one"]);
  expect(await registeredDags(workerEnv.OBJECTS)).toEqual(
    expect.arrayContaining(["a_new_one", "never_was", "removed_later"]),
  );
});
