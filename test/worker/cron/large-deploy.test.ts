/**
 * @module A deploy of more DAGs than one event brings in: sent out by the clock in pages, which may come twice, late or from another bundle; no trigger
 * waits for it. And what a tick costs does not depend on how many DAGs there are.
 */
import { beforeAll, expect, test } from "vitest";
import { handleScheduled } from "../../../src/cloudflare/dag/cron.ts";
import { bringInPage } from "../../../src/cloudflare/deploy-page.ts";
import { syncDeployment } from "../../../src/cloudflare/deploy-sync.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { dag, empty } from "../../../src/index.ts";
import type { TaskMessage } from "../../../src/model/task-message.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const DAGS = 210;
const ids = Array.from({ length: DAGS }, (_, i) => `crowd_${i}`);

/** One file that defines them all. */
function anIndex(bundleHash: string, dagIds: readonly string[], specHash = "crowd"): DagIndex {
  const files = {
    "crowd.ts": async () => {
      for (const id of ids)
        dag(id, { schedule: "0 0 1 1 *", startDate: "2026-01-01", tags: [`tag ${id.at(-1)}`] }, () => {
          empty("a");
        });
    },
  };
  const dags = Object.fromEntries(dagIds.map((id) => [id, { file: "crowd.ts", specHash }]));
  return { bundleHash, dags, files, importErrors: [], sources: {} };
}

type DeployPage = Extract<TaskMessage, { kind: "deploy-page" }>;

/** A tick whose pages go nowhere: they are handed back, and what D1 read and wrote is counted. */
async function tick(index: DagIndex, time: string) {
  const pages: DeployPage[] = [];
  const used = { statements: 0, rowsRead: 0, rowsWritten: 0 };
  const prepare = (sql: string): D1PreparedStatement => counted(workerEnv.DB.prepare(sql), used);
  const DB = new Proxy(workerEnv.DB, {
    get: (db, name) => (name === "prepare" ? prepare : bound(db, name)),
  });
  const ISOLATE_QUEUE = {
    sendBatch: async (messages: Iterable<{ body: TaskMessage }>) => {
      for (const { body } of messages) if (body.kind === "deploy-page") pages.push(body);
    },
  };
  const work: Promise<unknown>[] = [];
  const ctx = { waitUntil: (promise: Promise<unknown>) => work.push(promise) };
  await handleScheduled({ scheduledTime: Date.parse(time) }, { ...workerEnv, DB, ISOLATE_QUEUE }, ctx, index);
  await Promise.all(work);
  return { pages, used };
}

function bound(owner: object, name: string | symbol): unknown {
  const value: unknown = Reflect.get(owner, name);
  return typeof value === "function" ? (value as (...args: unknown[]) => unknown).bind(owner) : value;
}

function counted(
  statement: D1PreparedStatement,
  used: { statements: number; rowsRead: number; rowsWritten: number },
): D1PreparedStatement {
  return new Proxy(statement, {
    get(target, name) {
      if (name === "bind") return (...values: unknown[]) => counted(target.bind(...values), used);
      if (name === "all" || name === "run" || name === "first")
        return async (column?: string) => {
          const { results, meta, ...rest } = await target.all();
          used.statements++;
          used.rowsRead += meta.rows_read;
          used.rowsWritten += meta.rows_written;
          if (name !== "first") return { results, meta, ...rest };
          const row = results[0] ?? null;
          return column === undefined || row === null ? row : row[column];
        };
      return bound(target, name);
    },
  });
}

async function countDags(where: string): Promise<number> {
  const sql = `SELECT count(*) AS n FROM dag WHERE dag_id LIKE 'crowd_%' AND ${where}`;
  return (await workerEnv.DB.prepare(sql).first<number>("n")) ?? 0;
}

const bundleHash = (): Promise<unknown> =>
  workerEnv.DB.prepare("SELECT bundle_hash FROM deployment").first("bundle_hash");

const first = anIndex("large-1", ids);

// The tests' own DAGs would all be gone in these deploys.
beforeAll(async () => void (await workerEnv.DB.prepare("DELETE FROM dag").run()));

test("an event leaves it to the clock, which sends pages; twice or half done they bring in what is left; then the hash is noted", async () => {
  await syncDeployment(workerEnv, first);
  expect(await countDags("true")).toBe(0);
  const { pages } = await tick(first, "2026-03-01T10:00:00Z");
  expect(pages.map(({ dagIds }) => dagIds.length)).toEqual([100, 100, 10]);
  const [page] = pages;
  if (page === undefined) throw new Error("no page");
  await bringInPage(workerEnv, first, page);
  await bringInPage(workerEnv, first, page);
  expect(await countDags("version_number = 1 AND due_at IS NOT NULL")).toBe(100);
  // The messages of the others were lost: the next tick sends what is left.
  const again = (await tick(first, "2026-03-01T10:01:00Z")).pages;
  expect(again.map(({ dagIds }) => dagIds.length)).toEqual([100, 10]);
  expect(await bundleHash()).not.toBe("large-1");
  for (const one of again) await bringInPage(workerEnv, first, one);
  expect((await tick(first, "2026-03-01T10:02:00Z")).pages).toEqual([]);
  expect([await countDags("version_number = 1"), await bundleHash()]).toEqual([DAGS, "large-1"]);
  const tags = workerEnv.DB.prepare("SELECT count(*) AS n FROM dag_tag WHERE dag_id LIKE 'crowd_%'");
  expect(await tags.first("n")).toBe(DAGS);
});

test("the page of another bundle is dropped: it may be of the deploy before", async () => {
  await bringInPage(workerEnv, anIndex("large-1b", ids, "changed"), { bundleHash: "large-1", dagIds: ids.slice(0, 5) });
  expect(await countDags("version_number = 2")).toBe(0);
});

test("a deploy that changes nothing of them writes no row of a DAG, and is done with the first event", async () => {
  const second = anIndex("large-2", ids);
  const { pages, used } = await tick(second, "2026-03-01T10:03:00Z");
  expect([pages, await bundleHash()]).toEqual([[], "large-2"]);
  // The note of the tick; the note of the deploy is one batch.
  expect(used.rowsWritten).toBeLessThanOrEqual(2);
});

test("DAGs that are gone go in pages, too, and come back with the next deploy", async () => {
  const third = anIndex("large-3", ids.slice(0, 105));
  const { pages } = await tick(third, "2026-03-01T10:04:00Z");
  for (const page of pages) await bringInPage(workerEnv, third, page);
  await tick(third, "2026-03-01T10:05:00Z");
  expect([await countDags("is_stale = 1"), await countDags("is_stale = 0"), await bundleHash()]).toEqual([
    105,
    105,
    "large-3",
  ]);
  const fourth = anIndex("large-4", ids);
  for (const page of (await tick(fourth, "2026-03-01T10:06:00Z")).pages) await bringInPage(workerEnv, fourth, page);
  expect([await countDags("is_stale = 1"), await countDags("version_number = 1")]).toEqual([0, DAGS]);
  await tick(fourth, "2026-03-01T10:07:00Z");
});

test("a tick with nothing due reads and writes the same with 10 DAGs as with 10,000", async () => {
  const fourth = anIndex("large-4", ids);
  // As left by the tests before, also when this one runs alone: a tick that brings a deploy in reads all DAGs.
  for (const page of (await tick(fourth, "2026-03-01T10:07:00Z")).pages) await bringInPage(workerEnv, fourth, page);
  await tick(fourth, "2026-03-01T10:07:30Z");
  await workerEnv.DB.prepare("UPDATE dag SET due_at = NULL, check_at = NULL").run();
  await workerEnv.DB.prepare("UPDATE upkeep SET due_at = ?").bind(Date.parse("2036-01-01T00:00:00Z")).run();
  await tick(fourth, "2026-03-01T10:08:00Z");
  const few = await tick(fourth, "2026-03-01T10:09:00Z");
  const columns =
    "dag_id, due_at, check_at, relative_fileloc, owners, timetable_kind, max_active_tasks, max_active_runs, max_consecutive_failed_dag_runs, spec_hash, version_number, last_parsed_at";
  const later = Date.parse("2030-01-01T00:00:00Z");
  await workerEnv.DB.prepare(
    `WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 9999)
    INSERT INTO dag (${columns}) SELECT 'many_' || i, ?1, ?1, 'f.ts', '', 'cron-trigger', 16, 16, 0, 'h', 1, 1 FROM n`,
  )
    .bind(later)
    .run();
  const many = await tick(fourth, "2026-03-01T10:10:00Z");
  expect(many.used).toEqual(few.used);
  expect(many.used).toEqual({ statements: 4, rowsRead: expect.any(Number), rowsWritten: expect.any(Number) });
  expect(many.used.rowsRead).toBeLessThan(10);
});
