/**
 * @module Backfills in real workerd: killed in the middle, paused, cancelled, over runs that have ended already.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import type { BackfillAnswer, BackfillRequest } from "../../../src/model/backfill.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { api, endOf, triggerRun } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";
import { starts } from "../dags/pipelines.ts";

const { DAG } = env as unknown as { readonly DAG: DurableObjectNamespace };
const HOURLY = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;
const FROM = Date.parse("2026-01-01T00:00:00Z");
const HOUR_MS = 3_600_000;
const LONG = { timeout: 60_000 };
let ids = 1_000;

async function aDag(dagId: string, over: Partial<DagSpec> = {}): Promise<void> {
  const task = aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator" });
  const spec = aDagSpec({ dagId, schedule: HOURLY, tasks: [task], ...over });
  await workerEnv.DAG.getByName(dagId).syncSpec(spec, `hash-${dagId}`);
}

/** A backfill of that many hours. */
async function backfill(
  dagId: string,
  hours: number,
  over: Partial<BackfillRequest> = {},
  specHash = `hash-${dagId}`,
): Promise<number> {
  const backfillId = ++ids;
  const answer = await workerEnv.DAG.getByName(dagId).backfill({
    kind: "create",
    specHash,
    backfillId,
    triggeringUser: null,
    request: {
      fromDate: FROM,
      toDate: FROM + (hours - 1) * HOUR_MS,
      runBackwards: false,
      conf: null,
      reprocessBehavior: "none",
      maxActiveRuns: 10,
      ...over,
    },
  });
  expect(answer).toMatchObject({ kind: "backfill" });
  return backfillId;
}

type Found = Extract<BackfillAnswer, { kind: "backfill" }>;

async function read(dagId: string, backfillId: number): Promise<Found> {
  const answer = await workerEnv.DAG.getByName(dagId).backfill({ kind: "read", backfillId });
  if (answer.kind !== "backfill") throw new Error(JSON.stringify(answer));
  return answer;
}

async function untilCompleted(dagId: string, backfillId: number): Promise<Found> {
  return await vi.waitFor(async () => {
    const found = await read(dagId, backfillId);
    expect(found.backfill.completedAt).not.toBeNull();
    return found;
  }, LONG);
}

test("a backfill of 120 runs whose object is killed again and again ends complete, each run once", LONG, async () => {
  const id = await backfill("by_hour", 120, { maxActiveRuns: 8 }, dagIndex.dags["by_hour"]?.specHash);
  let inTheMiddle = 0;
  for (let kill = 0; kill < 12; kill++) {
    // Kills spread over the backfill's life, wherever it is by then.
    // oxlint-disable-next-line no-await-in-loop
    await evictDurableObject(DAG.getByName("by_hour"));
    // oxlint-disable-next-line no-await-in-loop
    const { left, running } = (await read("by_hour", id)).progress;
    if (left > 0 && running > 0) inTheMiddle++;
  }
  expect(inTheMiddle).toBeGreaterThan(0);
  const { progress } = await untilCompleted("by_hour", id);
  expect(progress).toEqual({ total: 120, left: 0, skipped: 0, queued: 0, running: 0, success: 120, failed: 0 });
  const rows = await vi.waitFor(async () => {
    const sql =
      "SELECT run_id, logical_date, backfill_id, run_type, state FROM dag_run WHERE dag_id = 'by_hour' ORDER BY run_id";
    const { results } = await workerEnv.DB.prepare(sql).all<{ run_id: string; logical_date: number; state: string }>();
    expect(results.filter((row) => row.state === "success")).toHaveLength(120);
    return results;
  }, LONG);
  expect(rows.map((row) => row.logical_date)).toEqual(Array.from({ length: 120 }, (_, i) => FROM + i * HOUR_MS));
  expect(rows[0]).toMatchObject({
    run_id: "backfill__2026-01-01T00:00:00+00:00",
    backfill_id: String(id),
    run_type: "backfill",
  });
  expect(starts.filter((start) => start === "by_hour/report/-1/1")).toHaveLength(120);
  const mirrored = workerEnv.DB.prepare("SELECT completed_at FROM backfill WHERE backfill_id = ?").bind(id);
  await vi.waitFor(async () => expect(await mirrored.first("completed_at")).not.toBeNull(), LONG);
});

test("runs that have ended run again in place, with a new generation, and nothing else of them changes", async () => {
  await aDag("again");
  const first = await backfill("again", 2);
  await untilCompleted("again", first);
  const second = await backfill("again", 3, { reprocessBehavior: "completed", conf: { x: 1 }, maxActiveRuns: 1 });
  const { progress } = await untilCompleted("again", second);
  expect(progress).toMatchObject({ total: 3, success: 3 });
  const run = (hour: number) => {
    const runId = `backfill__2026-01-01T0${hour}:00:00+00:00`;
    return workerEnv.DAG_RUN.getByName(dagRunObjectName("again", runId));
  };
  expect(await run(0).readHead()).toMatchObject({ generation: 1, backfillId: String(second), conf: { x: 1 } });
  expect(await run(2).readHead()).toMatchObject({ generation: 0, backfillId: String(second), conf: { x: 1 } });
});

test("depends_on_past: runs go one behind the other from the first, which waits for nobody", async () => {
  await aDag("past", {
    tasks: [aTaskSpec({ taskId: "a", kind: "empty", operatorName: "EmptyOperator", dependsOnPast: true })],
  });
  const id = await backfill("past", 12, { reprocessBehavior: "failed", maxActiveRuns: 4 });
  expect((await untilCompleted("past", id)).progress).toMatchObject({ success: 12 });
});

interface Wire {
  readonly id: number;
  readonly is_paused: boolean;
  readonly completed_at: string | null;
}

test(
  "over the API: dry run, create, 409, pause, unpause, runs in the list, completed, cancel is 409",
  LONG,
  async () => {
    const path = "/api/v2/backfills";
    const body = {
      dag_id: "by_day",
      from_date: "2026-02-01T00:00:00Z",
      to_date: "2026-02-03T00:00:00Z",
      max_active_runs: 1,
    };
    expect(await api("POST", `${path}/dry_run`, body)).toMatchObject({ total_entries: 3 });
    const made = await api<Wire>("POST", path, body);
    await expect(api("POST", path, body)).rejects.toThrow("There is already a running backfill for dag by_day");
    expect(await api("GET", `${path}?dag_id=by_day`)).toMatchObject({ backfills: [{ id: made.id }] });
    expect(await api<Wire>("PUT", `${path}/${made.id}/pause`)).toMatchObject({ is_paused: true });
    expect(await api<Wire>("PUT", `${path}/${made.id}/unpause`)).toMatchObject({ is_paused: false });
    await vi.waitFor(async () => {
      expect((await api<Wire>("GET", `${path}/${made.id}`)).completed_at).not.toBeNull();
    }, LONG);
    const runs = "/api/v2/dags/by_day/dagRuns?run_type=backfill&logical_date_gte=2026-02-01T00:00:00Z";
    expect(await api("GET", runs)).toMatchObject({
      total_entries: 3,
      dag_runs: [{ state: "success" }, { state: "success" }, { state: "success" }],
    });
    await expect(api("PUT", `${path}/${made.id}/cancel`)).rejects.toThrow(
      '409: {"detail":"Backfill is already completed."}',
    );
    expect(starts.filter((start) => start === "by_day/report/-1/1")).toHaveLength(3);
  },
);

test("cancelled over the API, a backfill makes no further run", async () => {
  const path = "/api/v2/backfills";
  await api("PATCH", "/api/v2/dags/by_day", { is_paused: true });
  const body = { dag_id: "by_day", from_date: "2026-03-01T00:00:00Z", to_date: "2026-03-31T00:00:00Z" };
  const made = await api<Wire>("POST", path, body);
  expect((await api<Wire>("PUT", `${path}/${made.id}/cancel`)).completed_at).not.toBeNull();
  await api("PATCH", "/api/v2/dags/by_day", { is_paused: false });
  expect(await endOf("by_day", await triggerRun("by_day"))).toBe("success");
  const progress = await api("GET", `/api/airflare/v1/backfills/${made.id}/progress`);
  expect(progress).toMatchObject({ total: 31, left: 0, queued: 0, running: 0, success: 0 });
});
