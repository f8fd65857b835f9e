/**
 * @module Metrics in real workerd: totals in D1 that outlive objects, `/metrics` over the whole Worker, limits and faults.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { pushRows } from "../../../src/cloudflare/history/mirror-rows.ts";
import { HistoryWriter } from "../../../src/cloudflare/history/writer.ts";
import { AttemptMetrics } from "../../../src/cloudflare/metrics/attempt-metrics.ts";
import { addToSeries, SERIES_MAX } from "../../../src/cloudflare/metrics/series.ts";
import { setPool } from "../../../src/cloudflare/pools.ts";
import type { TaskInstanceView } from "../../../src/model/protocol.ts";
import type { Metric } from "../../../src/runtime/ports.ts";
import { aPush, aView } from "../../support/history-pushes.ts";
import { parsePrometheus } from "../../support/prometheus-parser.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { apiText, endOf, triggerRun } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const { DAG, DAG_RUN } = env as unknown as {
  readonly DAG: DurableObjectNamespace;
  readonly DAG_RUN: DurableObjectNamespace;
};

/** The value of one sample, written as Prometheus writes it. */
async function scraped(sample: string): Promise<number | undefined> {
  const families = parsePrometheus(await apiText("GET", "/metrics"));
  for (const { samples } of families.values()) if (samples.has(sample)) return samples.get(sample);
  return undefined;
}

function counter(name: string, value: number, tags: Record<string, string> = {}): Metric {
  return { kind: "counter", name, value, tags };
}

test("runs, tries and tasks are counted once each over several runs; totals outlive the objects", async () => {
  const first = await triggerRun("retried");
  expect(await endOf("retried", first)).toBe("success");
  await vi.waitFor(async () =>
    expect(await scraped('airflow_dagrun_duration_success_count{dag_id="retried",run_type="manual"}')).toBe(1),
  );
  await evictDurableObject(DAG.getByName("retried"));
  await evictDurableObject(DAG_RUN.getByName(`retried/${first}`));
  const second = await triggerRun("retried");
  expect(await endOf("retried", second)).toBe("success");
  await vi.waitFor(async () =>
    expect(await scraped('airflow_dagrun_duration_success_count{dag_id="retried",run_type="manual"}')).toBe(2),
  );
  const families = parsePrometheus(await apiText("GET", "/metrics"));
  const finished = [...(families.get("airflow_ti_finish")?.samples ?? [])].filter(([key]) => key.includes('"retried"'));
  expect(Object.fromEntries(finished)).toEqual({
    'airflow_ti_finish{dag_id="retried",state="failed",task_id="flaky"}': 2,
    'airflow_ti_finish{dag_id="retried",state="success",task_id="flaky"}': 2,
  });
  expect(families.get("airflow_ti_failures")).toMatchObject({ type: "counter", help: "ti_failures" });
  expect(families.get("airflow_task_duration")?.type).toBe("summary");
});

test("a push that comes again, late or with a note on an ended task counts nothing twice; a clear does", async () => {
  const writer = new HistoryWriter(workerEnv.DB, undefined, true);
  const write = async (
    seq: number,
    state: "running" | "success",
    endedAt: number | null,
    views: TaskInstanceView[],
    tries: object[] = [],
  ) => {
    const head = aDagRunHead({
      dagId: "counted",
      runId: "r",
      seq,
      state,
      startedAt: 1_000,
      endedAt,
      incarnation: "i1",
      generation: seq > 9 ? 1 : 0,
      runType: "scheduled",
      runAfter: 500,
    });
    const push = { ...aPush(head, views), tries: tries as [] };
    await writer.write(pushRows(push, null, 1));
  };
  const ended = (seq: number, over: Partial<TaskInstanceView> = {}) =>
    aView("a", seq, "success", { scheduledAt: 1_000, queuedAt: 1_500, startedAt: 2_000, endedAt: 4_000, ...over });
  const totals = () =>
    workerEnv.DB.prepare(
      "SELECT state, ended, timed, running_s, queued_s, scheduled_s FROM task_total WHERE dag_id = 'counted'",
    ).all();
  const runs = () =>
    workerEnv.DB.prepare("SELECT ended, running_s, delay_s FROM run_total WHERE dag_id = 'counted'").first();
  const once = [{ state: "success", ended: 1, timed: 1, running_s: 2, queued_s: 0.5, scheduled_s: 0.5 }];

  await write(2, "running", null, [ended(2)]);
  expect((await totals()).results).toEqual(once);
  await write(2, "running", null, [ended(2)]);
  await write(5, "success", 5_000, [ended(4, { note: "seen" })]);
  await Promise.all([
    write(5, "success", 5_000, [ended(4)]),
    write(6, "success", 5_000, [ended(6)]),
    write(6, "success", 5_000, [ended(6)]),
  ]);
  expect((await totals()).results).toEqual(once);
  expect(await runs()).toEqual({ ended: 1, running_s: 4, delay_s: 0.5 });

  const record = {
    ord: 0,
    tryNumber: 1,
    state: "success",
    queuedAt: 1_500,
    startedAt: 2_000,
    endedAt: 4_000,
    error: null,
    taskId: "a",
    mapIndex: -1,
  };
  await write(11, "success", 9_000, [ended(11, { tryNumber: 2, startedAt: 6_000, endedAt: 7_000 })], [record]);
  expect((await totals()).results).toMatchObject([{ ended: 2, running_s: 3 }]);
  expect(await runs()).toMatchObject({ ended: 2, delay_s: 0.5 });
});

test("without metrics nothing is counted and no statement is added", async () => {
  const head = aDagRunHead({ dagId: "uncounted", runId: "r", seq: 1, state: "success", startedAt: 1, endedAt: 2 });
  await new HistoryWriter(workerEnv.DB).write(pushRows(aPush(head, [aView("a", 1, "success")]), null, 1));
  expect(await workerEnv.DB.prepare("SELECT count(*) AS n FROM task_total WHERE dag_id = 'uncounted'").first("n")).toBe(
    0,
  );
  const log = vi.spyOn(console, "log").mockReturnValue(undefined);
  const off = new AttemptMetrics({ ...workerEnv, AIRFLARE_METRICS: "0" }, "d", "r");
  off.take([counter("off.counter", 1)]);
  await off.flush();
  expect(log).toHaveBeenCalledOnce();
  log.mockRestore();
  expect(await scraped("airflow_off_counter")).toBeUndefined();
});

test("values of ctx.stats add up over invocations: counters, gauges set and moved, timings in seconds", async () => {
  const gauge = (value: number, delta: boolean): Metric => ({ kind: "gauge", name: "depth", value, delta, tags: {} });
  const timing: Metric = { kind: "timing", name: "load.time", value: 0.25, tags: { table: "a" } };
  await addToSeries(
    workerEnv.DB,
    [
      counter("rows", 2, { b: "1", a: "2" }),
      counter("rows", 3, { a: "2", b: "1" }),
      gauge(7, false),
      gauge(1, true),
      timing,
    ],
    1,
  );
  await addToSeries(
    workerEnv.DB,
    [counter("rows", 5, { a: "2", b: "1" }), gauge(2, true), timing, counter("open", 2), counter("open", -1)],
    1,
  );
  expect(await scraped('airflow_rows{a="2",b="1"}')).toBe(10);
  expect(await scraped("airflow_depth")).toBe(10);
  await addToSeries(workerEnv.DB, [gauge(1, false)], 1);
  expect(await scraped("airflow_depth")).toBe(1);
  expect(await scraped('airflow_load_time_sum{table="a"}')).toBe(0.5);
  expect(await scraped('airflow_load_time_count{table="a"}')).toBe(2);
  const families = parsePrometheus(await apiText("GET", "/metrics"));
  expect(families.get("airflow_rows")?.type).toBe("counter");
  expect(families.get("airflow_open"), "decreased, so no counter").toMatchObject({ type: "gauge" });
});

test("an attempt's values reach /metrics, with labels that hold anything", async () => {
  const measured = new AttemptMetrics(workerEnv, "d", "r");
  measured.take([counter("odd-name/x", 1, { "a.b": 'q"\\\n', __name__: "x", "1": "y" })]);
  await measured.flush();
  expect(await scraped('airflow_odd_name_x{a_b="q\\"\\\\\\n",tag_1="y",tag_name__="x"}')).toBe(1);
});

test("pools with a size show their slots, and who waits", async () => {
  await setPool(workerEnv, { name: "shown", slots: 4, description: null, includeDeferred: false }, 1);
  expect(await scraped('airflow_pool_open_slots{pool_name="shown"}')).toBe(4);
  expect(await scraped("airflow_scheduler_tasks_starving")).toBe(0);
});

test("/metrics takes a token", async () => {
  await expect(apiText("GET", "/metrics", null)).rejects.toThrow(/answered 401/);
});

test("series over the limit are dropped and counted; known ones go on", async () => {
  const many = Array.from({ length: SERIES_MAX + 10 }, (_, i) => counter("many", 1, { id: String(i) }));
  await addToSeries(workerEnv.DB, many, 1);
  await addToSeries(workerEnv.DB, [counter("many", 1, { id: "0" }), counter("many", 1, { id: "new" })], 1);
  expect(await scraped('airflow_many{id="0"}')).toBe(2);
  expect(await scraped('airflow_many{id="new"}')).toBeUndefined();
  expect(await scraped("airflow_metrics_dropped")).toBeGreaterThan(10);
  const kept = await workerEnv.DB.prepare("SELECT count(*) AS n FROM metric_series").first("n");
  expect(kept).toBeLessThanOrEqual(SERIES_MAX + 1);
});
