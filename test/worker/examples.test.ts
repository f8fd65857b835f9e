/**
 * @module The example DAGs through the whole Worker: triggered and watched over the API, run by objects, queue and runtime, on real D1 and R2.
 */
import { api, endOf, runPath, triggerRun } from "../support/worker-client.ts";
import { expect, test } from "vitest";
import { exampleDagIds } from "../support/example-dags.ts";
import { evictDurableObject } from "cloudflare:test";
import { dagRunObjectName } from "../../src/model/ids.ts";
import { workerEnv } from "../support/worker-runs.ts";

/** The run's object, as the test helpers take it. */
function runObject(dagId: string, runId: string): DurableObjectStub {
  return workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId)) as unknown as DurableObjectStub;
}

interface Instances {
  readonly task_instances: readonly {
    readonly task_id: string;
    readonly map_index: number;
    readonly state: string;
    readonly try_number: number;
  }[];
  readonly total_entries: number;
}

async function instances(dagId: string, runId: string, query: string): Promise<string[]> {
  const { task_instances } = await api<Instances>("GET", `${runPath(dagId, runId)}/taskInstances?limit=100&${query}`);
  return task_instances.map(({ task_id, map_index, state }) => `${task_id}[${map_index}] ${state}`).toSorted();
}

async function unpause(dagId: string): Promise<void> {
  await api("PATCH", `/api/v2/dags/${dagId}`, { is_paused: false });
}

/** Clears for real and answers how many task instances that touched. */
async function clear(dagId: string, runId: string, body: object): Promise<number> {
  const whole = { dry_run: false, dag_run_id: runId, include_downstream: true, ...body };
  return (await api<Instances>("POST", `/api/v2/dags/${dagId}/clearTaskInstances`, whole)).total_entries;
}

/** All objects of the authors' bucket below a prefix, as text by key. */
async function lake(prefix: string): Promise<Map<string, string>> {
  const found = new Map<string, string>();
  for (const { key } of (await workerEnv.LAKE.list({ prefix })).objects) {
    found.set(key, (await (await workerEnv.LAKE.get(key))?.text()) ?? "");
  }
  return found;
}

test("all examples are deployed, and paused but for the demo", async () => {
  const { dags } = await api<{ dags: { dag_id: string; is_paused: boolean }[] }>("GET", "/api/v2/dags?limit=100");
  const paused = new Map(dags.map(({ dag_id, is_paused }) => [dag_id, is_paused]));
  expect(exampleDagIds.length).toBeGreaterThan(30);
  expect(exampleDagIds.filter((dagId) => paused.get(dagId) !== true)).toEqual(["customer_etl_pipeline"]);
});

test("a run of a paused DAG waits queued until the DAG is unpaused", { timeout: 30_000 }, async () => {
  const runId = await triggerRun("xcom_passing");
  expect(await api("GET", runPath("xcom_passing", runId))).toMatchObject({ state: "queued", start_date: null });
  await unpause("xcom_passing");
  expect(await endOf("xcom_passing", runId)).toBe("success");
});

// These need a server or another DAG's run: test/services, test/unit/dags/http-job.test.ts, test/patterns/event-based-triggers.test.ts, test/worker/dag/external-task.test.ts.
const NOT_ALONE = new Set([
  "http_job",
  "s3_key_sensor",
  "external_task_sensor",
  "connection_management",
  "publish_report",
]);

test.each(exampleDagIds.filter((dagId) => !NOT_ALONE.has(dagId)))(
  "%s runs green",
  { timeout: 30_000 },
  async (dagId) => {
    await unpause(dagId);
    const runId = await triggerRun(dagId);
    const state = await endOf(dagId, runId);
    expect(await instances(dagId, runId, "state=failed&state=upstream_failed")).toEqual([]);
    expect(state).toBe("success");
  },
);

test("the API reads back every keyword of the demo", async () => {
  const details = await api("GET", "/api/v2/dags/customer_etl_pipeline/details");
  expect(details).toMatchObject({
    dag_id: "customer_etl_pipeline",
    description: "ETL pipeline for customer data",
    timetable_summary: "0 2 * * *",
    start_date: new Date(Math.floor(Date.now() / 86_400_000 - 1) * 86_400_000).toISOString().replace(".000Z", "Z"),
    catchup: false,
    max_active_runs: 1,
    owners: ["data-engineering"],
    default_args: {
      owner: "data-engineering",
      dependsOnPast: false,
      email: ["alerts@example.com"],
      emailOnFailure: true,
      emailOnRetry: false,
      retries: 3,
      retryDelay: "5m",
      retryExponentialBackoff: true,
      maxRetryDelay: "30m",
    },
  });
  const { tasks } = await api<{ tasks: object[] }>("GET", "/api/v2/dags/customer_etl_pipeline/tasks");
  expect(tasks).toHaveLength(3);
  for (const task of tasks) {
    expect(task).toMatchObject({
      owner: "data-engineering",
      depends_on_past: false,
      retries: 3,
      retry_exponential_backoff: 2,
    });
    expect(task).toMatchObject({ retry_delay: { days: 0, seconds: 300 } });
  }
});

test("the demo's extract goes to R2, and the next task reads it from there", { timeout: 30_000 }, async () => {
  const runId = await triggerRun("customer_etl_pipeline", {}, "2026-01-01T02:00:00Z");
  expect(await endOf("customer_etl_pipeline", runId)).toBe("success");
  const { objects } = await workerEnv.OBJECTS.list({ prefix: "xcom/customer_etl_pipeline/" });
  const own = objects.filter(({ key }) => decodeURIComponent(key).includes(`/${runId}/`));
  expect(own.map(({ key, size }) => [key.includes("/extract/"), size > 32 * 1024])).toEqual([[true, true]]);
  const stored = (await lake("customers/by_country/")).get("customers/by_country/2026-01-01.json");
  expect(JSON.parse(stored ?? "[]")).toHaveLength(7);
});

test("an upserting run, cleared and run again, leaves identical rows in R2", { timeout: 60_000 }, async () => {
  const runId = await triggerRun("idempotent_upsert", { customers: 60 }, "2026-01-02T00:00:00Z");
  expect(await endOf("idempotent_upsert", runId)).toBe("success");
  const first = await lake("idempotent/");
  expect(first.size).toBeGreaterThanOrEqual(60);
  expect([...first.keys()].filter((key) => key.includes("staging"))).toEqual([]);
  expect(await clear("idempotent_upsert", runId, { only_failed: false, task_ids: ["clean_up"] })).toBeGreaterThan(3);
  expect(await endOf("idempotent_upsert", runId)).toBe("success");
  expect(await lake("idempotent/")).toEqual(first);
});

test("an upserting run whose object is killed in the middle leaves the same rows", { timeout: 60_000 }, async () => {
  const whole = await triggerRun("idempotent_upsert", { customers: 200 }, "2026-01-03T00:00:00Z");
  expect(await endOf("idempotent_upsert", whole)).toBe("success");
  const expected = await lake("idempotent/");
  expect(await clear("idempotent_upsert", whole, { only_failed: false, task_ids: ["clean_up"] })).toBeGreaterThan(3);
  for (let kills = 0; kills < 5; kills += 1) {
    // A read wakes the object, so that there is something to kill.
    await api("GET", runPath("idempotent_upsert", whole));
    await evictDurableObject(runObject("idempotent_upsert", whole));
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  expect(await endOf("idempotent_upsert", whole)).toBe("success");
  expect(await lake("idempotent/")).toEqual(expected);
});

test(
  "of 1,000 mapped tasks one fails; clearing runs only it and its downstream again",
  { timeout: 120_000 },
  async () => {
    const runId = await triggerRun("small_tasks", { failing: 417 });
    expect(await endOf("small_tasks", runId)).toBe("failed");
    const ended = await instances("small_tasks", runId, "state=failed&state=upstream_failed");
    expect(ended).toEqual(["sum_part[417] failed", "total[-1] upstream_failed"]);
    expect(await clear("small_tasks", runId, { only_failed: true })).toBe(2);
    expect(await endOf("small_tasks", runId)).toBe("success");
    expect(await instances("small_tasks", runId, "try_number=2")).toEqual(["sum_part[417] success"]);
    const done = await api<Instances>("GET", `${runPath("small_tasks", runId)}/taskInstances?limit=1&state=success`);
    expect(done.total_entries).toBe(1_002);
  },
);
