/**
 * @module The example DAGs in real workerd: run object, queue, consumer, runtime, R2. Each runs green; what the practices promise is shown on real storage.
 */
import { expect, test } from "vitest";
import type { ClearOptions } from "../../src/model/event.ts";
import type { DagRunApi } from "../../src/model/protocol.ts";
import { dagIndex } from "../support/worker-dag-index.ts";
import { dagRunObjectName } from "../../src/model/ids.ts";
import { exampleDagIds } from "../support/example-dags.ts";
import { loadDag } from "../../src/dag/dag-registry.ts";
import { newRunHead } from "../../src/cloudflare/dag/new-run.ts";
import { resultOf, workerEnv } from "../support/worker-runs.ts";

const LOGICAL_DATE = Date.parse("2026-01-01T00:00:00Z");

async function startExample(dagId: string, conf: Record<string, unknown> = {}): Promise<DagRunApi> {
  const { spec } = await loadDag(dagIndex, dagId);
  const request = {
    callId: crypto.randomUUID(),
    specHash: "examples",
    runId: `run-${crypto.randomUUID()}`,
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate: LOGICAL_DATE,
    dataInterval: null,
    runAfter: null,
    conf,
    note: null,
    backfillId: null,
    returnExisting: false,
  } as const;
  const head = newRunHead(spec, request, Date.now(), () => crypto.randomUUID());
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, head.runId));
  await run.create({ head, spec, longest: {}, start: true, offer: null });
  return run;
}

async function clear(run: DagRunApi, options: Partial<ClearOptions>): Promise<number> {
  const whole: ClearOptions = {
    select: [],
    includeUpstream: false,
    includeDownstream: true,
    onlyFailed: false,
    onlyRunning: false,
    resetDagRun: true,
    note: null,
    ...options,
  };
  const callId = crypto.randomUUID();
  const { touched } = await run.command({ callId, command: { kind: "clear", options: whole, dryRun: false } });
  return touched.length;
}

/** All objects of the authors' bucket below a prefix, as text by key. */
async function lake(prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { key } of (await workerEnv.LAKE.list({ prefix })).objects) {
    found.set(key, (await (await workerEnv.LAKE.get(key))?.text()) ?? "");
  }
  return found;
}

test("the examples are there", () => {
  expect(exampleDagIds.length).toBeGreaterThan(30);
});

test.each(exampleDagIds)("%s runs green", { timeout: 60_000 }, async (dagId) => {
  const run = await startExample(dagId);
  const head = await run.wait(50_000);
  const { views } = await run.readTaskInstances({ offset: 0, limit: 2_000, states: ["failed", "upstream_failed"] });
  expect(views.map(({ taskId, mapIndex, error }) => ({ taskId, mapIndex, error }))).toEqual([]);
  expect(head?.state).toBe("success");
});

test("the demo's extract goes to R2, and the next task reads it from there", { timeout: 30_000 }, async () => {
  const run = await startExample("customer_etl_pipeline");
  expect((await run.wait(25_000))?.state).toBe("success");
  expect(await resultOf(run, "extract")).toMatchObject({ in: "r2" });
  expect(await resultOf(run, "load")).toEqual({ key: "customers/by_country/2026-01-01.json", loadedRows: 975 });
  expect([...(await lake("customers/by_country/")).keys()]).toEqual(["customers/by_country/2026-01-01.json"]);
});

test("an upserting run, cleared and run again, leaves identical rows in R2", { timeout: 60_000 }, async () => {
  const run = await startExample("idempotent_upsert", { customers: 60 });
  expect((await run.wait(25_000))?.state).toBe("success");
  const first = await lake("idempotent/");
  expect(first.size).toBeGreaterThanOrEqual(60);
  expect([...first.keys()].filter((key) => key.includes("staging"))).toEqual([]);
  expect(await clear(run, { select: [{ taskId: "clean_up" }] })).toBeGreaterThan(3);
  expect((await run.wait(25_000))?.state).toBe("success");
  expect(await lake("idempotent/")).toEqual(first);
});

test(
  "of 1,000 mapped tasks one fails; clearing runs only it and its downstream again",
  { timeout: 120_000 },
  async () => {
    const run = await startExample("small_tasks", { failing: 417 });
    expect((await run.wait(100_000))?.state).toBe("failed");
    const failed = await run.readTaskInstances({ offset: 0, limit: 2_000, states: ["failed", "upstream_failed"] });
    const ended = failed.views.map(({ taskId, mapIndex, state }) => `${taskId}[${mapIndex}] ${state}`);
    expect(ended.toSorted()).toEqual(["sum_part[417] failed", "total[-1] upstream_failed"]);
    expect(await clear(run, { onlyFailed: true })).toBe(2);
    expect((await run.wait(50_000))?.state).toBe("success");
    const { views } = await run.readTaskInstances({ offset: 0, limit: 2_000 });
    const again = views.filter(({ tryNumber }) => tryNumber > 1);
    expect(again.map(({ taskId, mapIndex }) => [taskId, mapIndex])).toEqual([["sum_part", 417]]);
    expect(views.every(({ state }) => state === "success")).toBe(true);
  },
);
