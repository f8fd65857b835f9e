/**
 * @module A timetable written as a class, in workerd: asked by messages, its runs made by the DAG's object; code that throws hurts nobody else.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { consumeTimetable } from "../../../src/cloudflare/task-queue/consume-timetable.ts";
import { listImportErrors } from "../../../src/cloudflare/history/queries/import-errors.ts";
import { dag, empty, Timetable } from "../../../src/index.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import type { TimetableOrder } from "../../../src/model/custom-timetable.ts";
import { api, triggerRun } from "../../support/worker-client.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const { DAG } = env as unknown as { readonly DAG: DurableObjectNamespace };
const LONG = { timeout: 20_000 };
const specHash = dagIndex.dags["workdays"]?.specHash ?? "";
const ORDER: TimetableOrder = {
  dagId: "workdays",
  specHash,
  last: null,
  earliest: Date.parse("2026-01-01T00:00:00Z"),
  latest: null,
  catchup: false,
  count: 40,
};

async function scheduledRuns(): Promise<readonly string[]> {
  const query = "SELECT run_id FROM dag_run WHERE dag_id = 'workdays' AND run_type = 'scheduled' ORDER BY run_id";
  return (await workerEnv.DB.prepare(query).all<{ run_id: string }>()).results.map((row) => row.run_id);
}

test("a DAG with a class as its timetable runs by it, over restarts of its object and a refresh", LONG, async () => {
  const workdays = workerEnv.DAG.getByName("workdays");
  await workdays.setPaused(false);
  const friday = Date.parse("2026-01-10T00:00:00Z");
  // Until the queue has brought the answer the tick has nothing to make.
  await vi.waitFor(async () => {
    await consumeTimetable(ORDER, workerEnv, dagIndex);
    await workdays.tick(friday);
    await workdays.mirrored();
    expect(await scheduledRuns()).toEqual(["scheduled__2026-01-10T00:00:00+00:00"]);
  }, LONG);
  await evictDurableObject(DAG.getByName("workdays"));
  await workdays.refreshTimetable();
  await vi.waitFor(async () => {
    await consumeTimetable({ ...ORDER, last: interval("2026-01-09") }, workerEnv, dagIndex);
    await workdays.tick(Date.parse("2026-01-13T00:00:00Z"));
    await workdays.mirrored();
    expect(await scheduledRuns()).toEqual([
      "scheduled__2026-01-10T00:00:00+00:00",
      "scheduled__2026-01-13T00:00:00+00:00",
    ]);
  }, LONG);
});

function interval(day: string): { readonly start: number; readonly end: number } {
  const start = Date.parse(`${day}T00:00:00Z`);
  return { start, end: start + 86_400_000 };
}

test("the next runs are those that it has said", async () => {
  const { next_runs: runs } = await api<{ next_runs: { logical_date: string }[] }>(
    "GET",
    "/api/airflare/v1/dags/workdays/nextRuns?limit=4",
  );
  expect(runs.map((run) => run.logical_date.slice(0, 10))).toEqual([
    "2026-01-13",
    "2026-01-14",
    "2026-01-15",
    "2026-01-16",
  ]);
});

test("a run by hand gets the interval that the class infers", async () => {
  const runId = await triggerRun("workdays", {}, "2026-01-12T09:00:00Z");
  const run = await api("GET", `/api/v2/dags/workdays/dagRuns/${encodeURIComponent(runId)}`);
  expect(run).toMatchObject({
    logical_date: "2026-01-12T09:00:00Z",
    data_interval_start: "2026-01-09T00:00:00Z",
    data_interval_end: "2026-01-10T00:00:00Z",
  });
});

test("code that throws becomes an import error of its file, and goes when it works again", async () => {
  let broken = true;
  class Fragile extends Timetable {
    override nextDagrunInfo(): null {
      if (broken) throw new Error("no calendar today");
      return null;
    }
  }
  const file = async (): Promise<void> => {
    dag("fragile", { schedule: new Fragile(), startDate: "2026-01-01" }, () => void empty("a"));
  };
  const dags = { fragile: { file: "fragile.ts", specHash: "f" } };
  const index: DagIndex = { ...dagIndex, bundleHash: "fragile", dags, files: { "fragile.ts": file } };
  const order = { ...ORDER, dagId: "fragile", specHash: "f" };
  const errors = async () =>
    (await listImportErrors(workerEnv.DB, { filename: "fragile.ts" }, { limit: 10, offset: 0 })).rows;
  await consumeTimetable(order, workerEnv, index);
  expect(await errors()).toMatchObject([{ message: "Timetable of DAG fragile: no calendar today" }]);
  broken = false;
  await consumeTimetable(order, workerEnv, index);
  expect(await errors()).toEqual([]);
});
