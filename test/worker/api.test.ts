/**
 * @module The API on real objects, queues, D1 and R2: a run from its trigger to its deletion, as a client sees it.
 */
import { createExecutionContext } from "cloudflare:test";
import { describe, expect, it, vi } from "vitest";
import { DAGRunCollectionResponse, DAGRunResponse } from "../../src/api/schemas/dag-runs.ts";
import {
  TaskInstanceCollectionResponse,
  TaskInstanceHistoryCollectionResponse,
} from "../../src/api/schemas/task-instances.ts";
import worker from "../../src/worker.ts";
import { workerEnv } from "../support/worker-runs.ts";

const env = { ...workerEnv, AIRFLARE_ADMIN_PASSWORD: "pw", AIRFLARE_SECRET_KEY: "key" };
let token: string | undefined;

/** One request as `admin`. Work behind the answer goes on while the test reads. */
async function call(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; text: string; json: unknown }> {
  token ??= await login();
  const request = new Request(`http://airflare.test${path}`, {
    method,
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, createExecutionContext());
  const text = new TextDecoder().decode(await answer.arrayBuffer());
  const isJson = answer.headers.get("content-type")?.startsWith("application/json") ?? false;
  return { status: answer.status, text, json: isJson ? JSON.parse(text) : undefined };
}

async function login(): Promise<string> {
  const request = new Request("http://airflare.test/auth/token", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ username: "admin", password: "pw" }),
  });
  const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, createExecutionContext());
  return (await answer.json<{ access_token: string }>()).access_token;
}

async function triggered(dagId: string, runId: string, body: object = {}): Promise<void> {
  const made = await call("POST", `/api/v2/dags/${dagId}/dagRuns`, { logical_date: null, dag_run_id: runId, ...body });
  expect([made.status, made.json]).toMatchObject([200, { dag_run_id: runId, dag_id: dagId }]);
  expect(DAGRunResponse.parse(made.json)).toEqual(made.json);
}

/** The last line of `wait`. */
async function ended(dagId: string, runId: string, query = ""): Promise<unknown> {
  const { text } = await call("GET", `/api/v2/dags/${dagId}/dagRuns/${runId}/wait?interval=1${query}`);
  return JSON.parse(text.trim().split("\n").at(-1) ?? "null");
}

const ETL = "/api/v2/dags/etl/dagRuns";

describe("a run over the API", () => {
  it("is triggered, found at once, waited for, and leaves instances, XComs and logs", async () => {
    await triggered("etl", "whole", { conf: { k: "v" }, note: "hi" });
    expect(await call("GET", `${ETL}/whole`)).toMatchObject({ status: 200, json: { conf: { k: "v" }, note: "hi" } });
    const listed = await call("GET", `${ETL}?limit=100`);
    expect(DAGRunCollectionResponse.parse(listed.json).dag_runs.map((run) => run.dag_run_id)).toContain("whole");

    expect(await ended("etl", "whole", "&result=load&result=transform")).toEqual({
      state: "success",
      results: { load: 12, transform: [2, 4, 6] },
    });
    // The history has the end as soon as `wait` has answered.
    const successes = await call("GET", `${ETL}?state=success&run_id_pattern=whole`);
    expect(successes.json).toMatchObject({ total_entries: 1, dag_runs: [{ dag_versions: [{ version_number: 1 }] }] });
    const across = await call("POST", "/api/v2/dags/~/dagRuns/~/taskInstances/list", {
      dag_ids: ["etl"],
      dag_run_ids: ["whole"],
    });
    expect(across.json).toMatchObject({ total_entries: 3 });

    const instances = await call("GET", `${ETL}/whole/taskInstances`);
    expect(TaskInstanceCollectionResponse.parse(instances.json)).toEqual(instances.json);
    expect(instances.json).toMatchObject({
      total_entries: 3,
      task_instances: [
        { task_id: "extract", state: "success", try_number: 1, max_tries: 0, dag_version: { version_number: 1 } },
        {},
        {},
      ],
    });
    const xcom = await call("GET", `${ETL}/whole/taskInstances/extract/xcomEntries/return_value`);
    expect(xcom.json).toMatchObject({ value: { rows: [1, 2, 3], at: "1970-01-01T00:00:00.000Z" } });
    const logs = await call("GET", `${ETL}/whole/taskInstances/extract/logs/1?full_content=true`);
    expect(logs.json).toMatchObject({
      content: expect.arrayContaining([expect.objectContaining({ event: "extracting", level: "info" })]),
      continuation_token: null,
    });
    expect(await call("GET", "/api/airflare/v1/dags/etl/dagRuns/whole/cost")).toMatchObject({
      status: 200,
      json: { object_calls: expect.any(Number) },
    });
  });

  it("is cleared and runs again as try 2, with both tries in the history", async () => {
    await triggered("etl", "again");
    await ended("etl", "again");
    const dry = await call("POST", "/api/v2/dags/etl/clearTaskInstances", {
      dag_run_id: "again",
      task_ids: ["load"],
      only_failed: false,
    });
    expect(dry.json).toMatchObject({ total_entries: 1, task_instances: [{ task_id: "load", state: "success" }] });
    const real = await call("POST", "/api/v2/dags/etl/clearTaskInstances", {
      dag_run_id: "again",
      task_ids: ["load"],
      only_failed: false,
      dry_run: false,
    });
    expect(real.json).toMatchObject({ total_entries: 1 });
    expect(await ended("etl", "again")).toEqual({ state: "success" });
    const tries = await call("GET", `${ETL}/again/taskInstances/load/tries`);
    expect(
      TaskInstanceHistoryCollectionResponse.parse(tries.json).task_instances.map((one) => [one.try_number, one.state]),
    ).toEqual([
      [1, "success"],
      [2, "success"],
    ]);
    const whole = await call("POST", `${ETL}/again/clear`, { dry_run: false });
    expect(whole.json).toMatchObject({ dag_run_id: "again", state: "queued" });
    expect(await ended("etl", "again")).toEqual({ state: "success" });
  });

  it("is marked and noted, as are its instances", async () => {
    await triggered("etl", "marked");
    await ended("etl", "marked");
    const instance = `${ETL}/marked/taskInstances/load`;
    expect((await call("PATCH", `${instance}/dry_run`, { new_state: "failed" })).json).toMatchObject({
      total_entries: 1,
    });
    expect((await call("GET", instance)).json).toMatchObject({ state: "success" });
    expect((await call("PATCH", instance, { new_state: "failed", note: "n1" })).json).toMatchObject({
      total_entries: 1,
      task_instances: [{ state: "failed", note: "n1" }],
    });
    expect((await call("PATCH", `${ETL}/marked`, { state: "success", note: "n2" })).json).toMatchObject({
      state: "success",
      note: "n2",
    });
    expect((await call("GET", `${ETL}/marked`)).json).toMatchObject({ state: "success", note: "n2" });
  });

  it("takes XComs of any size from outside and shows those in R2", async () => {
    await triggered("large", "r2");
    await ended("large", "r2");
    const base = "/api/v2/dags/large/dagRuns/r2/taskInstances/big/xcomEntries";
    expect((await call("GET", `${base}/return_value`)).json).toMatchObject({ value: "x".repeat(200_000) });
    expect((await call("POST", base, { key: "mine", value: { text: "y".repeat(50_000) } })).status).toBe(201);
    expect((await call("GET", `${base}/mine`)).json).toMatchObject({ value: { text: "y".repeat(50_000) } });
    expect((await call("DELETE", `${base}/mine`)).status).toBe(204);
    expect((await call("GET", `${base}/mine`)).status).toBe(404);
  });

  it("shows its mapped instances one by one", async () => {
    await triggered("fan_out", "mapped");
    expect(await ended("fan_out", "mapped", "&result=sum")).toEqual({ state: "success", results: { sum: 4_900 } });
    const base = "/api/v2/dags/fan_out/dagRuns/mapped/taskInstances/square";
    expect((await call("GET", `${base}/listMapped?limit=3`)).json).toMatchObject({
      total_entries: 25,
      task_instances: [{ map_index: 0 }, { map_index: 1 }, { map_index: 2 }],
    });
    expect((await call("GET", `${base}/24`)).json).toMatchObject({ map_index: 24, state: "success" });
    expect((await call("GET", `${base}/xcomEntries/return_value?map_index=5`)).json).toMatchObject({ value: 25 });
    expect((await call("GET", base)).status).toBe(404);
  });

  it("refuses a second run with its id or date, and is gone after its deletion", async () => {
    await triggered("etl", "once", { logical_date: "2025-03-01T00:00:00Z" });
    expect((await call("POST", ETL, { logical_date: null, dag_run_id: "once" })).status).toBe(409);
    expect((await call("POST", ETL, { logical_date: "2025-03-01T00:00:00Z" })).status).toBe(409);
    await ended("etl", "once");
    expect((await call("DELETE", `${ETL}/once`)).status).toBe(204);
    expect((await call("GET", `${ETL}/once`)).status).toBe(404);
    await vi.waitFor(async () => {
      expect((await call("GET", `${ETL}?run_id_pattern=once`)).json).toMatchObject({ total_entries: 0 });
    });
  });
});

describe("DAGs over the API", () => {
  it("are listed, detailed and paused", async () => {
    expect((await call("GET", "/api/v2/dags?dag_id_pattern=fan_out")).json).toMatchObject({
      total_entries: 1,
      dags: [{ dag_id: "fan_out", is_paused: false }],
    });
    expect((await call("GET", "/api/v2/dags/fan_out/details")).json).toMatchObject({
      concurrency: 100,
      latest_dag_version: { version_number: 1 },
    });
    expect((await call("GET", "/api/v2/dags/fan_out/tasks/sum")).json).toMatchObject({
      task_id: "sum",
      is_mapped: false,
    });
    expect((await call("PATCH", "/api/v2/dags/slow", { is_paused: true })).json).toMatchObject({ is_paused: true });
    expect((await call("GET", "/api/v2/dags/slow")).json).toMatchObject({ is_paused: true });
    await vi.waitFor(async () => {
      expect((await call("GET", "/api/v2/dags?paused=true&dag_id_pattern=slow")).json).toMatchObject({
        total_entries: 1,
      });
    });
  });

  it("without a secret nothing works and no run is made", async () => {
    const { AIRFLARE_SECRET_KEY: _unset, ...bare } = env;
    const request = new Request(`http://airflare.test${ETL}`, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      body: '{"logical_date":null,"dag_run_id":"never"}',
    });
    const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], bare, createExecutionContext());
    expect([answer.status, await answer.text()]).toMatchObject([
      503,
      expect.stringContaining("wrangler secret put AIRFLARE_SECRET_KEY"),
    ]);
    expect((await call("GET", `${ETL}/never`)).status).toBe(404);
  });
});
