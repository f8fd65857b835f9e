/**
 * @module A deploy is brought in once, and the clock wakes the DAGs that are due: rows, tags, versions, import errors, specs, scheduled runs.
 */
import { expect, test, vi } from "vitest";
import { handleScheduled } from "../../../src/cloudflare/dag/cron.ts";
import { syncDeployment } from "../../../src/cloudflare/deploy-sync.ts";
import { listDagVersions } from "../../../src/cloudflare/history/queries/dag-versions.ts";
import { listDags, readDag } from "../../../src/cloudflare/history/queries/dags.ts";
import { readHeartbeats } from "../../../src/cloudflare/history/queries/heartbeats.ts";
import { listImportErrors } from "../../../src/cloudflare/history/queries/import-errors.ts";
import { readSpec } from "../../../src/cloudflare/spec-store.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { dag, empty } from "../../../src/index.ts";
import { api, runPath } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const PAGE = { limit: 100, offset: 0 };

/** An index over DAGs made here: evaluating a "file" defines them. */
function anIndex(
  bundleHash: string,
  dags: Readonly<Record<string, { file: string; specHash: string }>>,
  broken: string[] = [],
): DagIndex {
  const files = {
    "clock.ts": async () => {
      dag("every_hour", { schedule: "0 * * * *", startDate: "2026-01-01", tags: ["clock", "hourly"] }, () => {
        empty("a");
      });
      dag("by_hand", { schedule: null, tags: ["clock"] }, () => {
        empty("a");
      });
    },
  };
  const importErrors = broken.map((file) => ({ file, message: "SyntaxError: unexpected end" }));
  return { bundleHash, dags, files, importErrors, sources: {} };
}

const BOTH = {
  every_hour: { file: "clock.ts", specHash: "clock-1" },
  by_hand: { file: "clock.ts", specHash: "clock-2" },
};
const first = anIndex("bundle-1", BOTH);

async function tick(index: DagIndex, time: string): Promise<void> {
  const work: Promise<unknown>[] = [];
  await handleScheduled(
    { scheduledTime: Date.parse(time) },
    workerEnv,
    { waitUntil: (promise) => work.push(promise) },
    index,
  );
  await Promise.all(work);
}

async function runsOf(dagId: string): Promise<readonly string[]> {
  const found = await workerEnv.DB.prepare("SELECT run_id FROM dag_run WHERE dag_id = ? ORDER BY run_after")
    .bind(dagId)
    .all<{ run_id: string }>();
  return found.results.map((row) => row.run_id);
}

test("a deploy brings rows, tags, versions and specs", async () => {
  await syncDeployment(workerEnv, first);
  const { rows, total } = await listDags(workerEnv.DB, { tags: ["clock", "hourly"], tagsMatchMode: "all" }, PAGE);
  expect(total).toBe(1);
  expect(rows[0]).toMatchObject({
    dag_id: "every_hour",
    is_stale: 0,
    version_number: 1,
    timetable_summary: "0 * * * *",
    tags_json: '["clock","hourly"]',
  });
  expect(JSON.parse(rows[0]?.spec_json ?? "null")).toMatchObject({ dagId: "every_hour" });
  // A row holds it: nothing is stored beside.
  expect(await readSpec(workerEnv.OBJECTS, "clock-1")).toBeNull();
  expect((await listDagVersions(workerEnv.DB, { dagIds: ["every_hour"] }, PAGE)).rows).toMatchObject([
    { version_number: 1, bundle_version: "bundle-1" },
  ]);
});

test("the first tick says what time it is; each interval is made once, and D1 shows the next one", async () => {
  await tick(first, "2026-01-05T10:00:00Z");
  await tick(first, "2026-01-05T10:00:00Z");
  await tick(first, "2026-01-05T10:30:00Z");
  await tick(first, "2026-01-05T11:00:00Z");
  await vi.waitFor(async () => {
    expect(await runsOf("every_hour")).toEqual([
      "scheduled__2026-01-05T10:00:00+00:00",
      "scheduled__2026-01-05T11:00:00+00:00",
    ]);
    expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({
      next_dagrun_create_after: Date.parse("2026-01-05T12:00:00Z"),
    });
  });
  expect(await runsOf("by_hand")).toEqual([]);
  expect((await readHeartbeats(workerEnv.DB)).tickedAt).toBe(Date.parse("2026-01-05T11:00:00Z"));
});

test("a DAG that is gone becomes stale and rests; one whose file breaks keeps its row and rests", async () => {
  const second = anIndex("bundle-2", {}, ["clock.ts"]);
  await tick(second, "2026-01-05T13:00:00Z");
  expect(await runsOf("every_hour")).toHaveLength(2);
  expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({ is_stale: 0, has_import_errors: 1 });
  expect((await listImportErrors(workerEnv.DB, {}, PAGE)).rows).toMatchObject([{ filename: "clock.ts" }]);
  const third = anIndex("bundle-3", { by_hand: BOTH.by_hand });
  await syncDeployment(workerEnv, third);
  expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({ is_stale: 1, has_import_errors: 0 });
  expect((await listImportErrors(workerEnv.DB, {}, PAGE)).total).toBe(0);
});

test("a DAG that comes back is scheduled again from its last run, under the same version", async () => {
  const fourth = anIndex("bundle-4", BOTH);
  await tick(fourth, "2026-01-05T15:00:00Z");
  await vi.waitFor(async () =>
    expect((await runsOf("every_hour")).at(-1)).toBe("scheduled__2026-01-05T15:00:00+00:00"),
  );
  expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({ is_stale: 0, version_number: 1 });
});

test("a file that throws in the Worker only becomes an import error; the others are brought in all the same", async () => {
  const dags = { throws: { file: "throws.ts", specHash: "t" }, by_hand: { file: "clock.ts", specHash: "clock-3" } };
  const index = anIndex("bundle-5", dags);
  const files = { ...index.files, "throws.ts": () => Promise.reject(new Error("no such binding")) };
  await syncDeployment(workerEnv, { ...index, files });
  expect((await listImportErrors(workerEnv.DB, {}, PAGE)).rows).toMatchObject([
    { filename: "throws.ts", message: expect.stringContaining("no such binding") },
  ]);
  expect(await readDag(workerEnv.DB, "by_hand")).toMatchObject({ version_number: 2, has_import_errors: 0 });
});

test("the deployed spec of a paused DAG stays out of the clock's question", async () => {
  await workerEnv.DAG.getByName("every_hour").setPaused(true);
  await vi.waitFor(async () =>
    expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({ is_paused: 1, due_at: null }),
  );
});

test("runs of a DAG that is gone stay readable", async () => {
  // The Worker's own bundle, which the API brings in, does not have it.
  const { dag_runs: runs } = await api<{ dag_runs: { dag_run_id: string }[] }>(
    "GET",
    "/api/v2/dags/every_hour/dagRuns",
  );
  expect(await readDag(workerEnv.DB, "every_hour")).toMatchObject({ is_stale: 1 });
  expect(runs).toHaveLength(3);
  const run = await api("GET", runPath("every_hour", runs[0]?.dag_run_id ?? ""));
  expect(run).toMatchObject({ dag_id: "every_hour", run_type: "scheduled" });
  const { task_instances: instances } = await api<{ task_instances: { task_id: string }[] }>(
    "GET",
    `${runPath("every_hour", runs[0]?.dag_run_id ?? "")}/taskInstances`,
  );
  expect(instances.map((instance) => instance.task_id)).toEqual(["a"]);
});
