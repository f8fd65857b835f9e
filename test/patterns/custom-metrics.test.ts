/**
 * @module Pattern "Custom Metrics": a counter, a gauge and timings of the author's own.
 */
import { customMetrics } from "../../dags/custom_metrics.ts";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

test("a run measures with Airflow's three verbs; timings are seconds", async () => {
  const run = await testDag(customMetrics);
  expect(run.tasks["process_orders"]?.result).toMatchObject({ rows: 2_000 });
  expect(run.metrics).toMatchObject([
    { kind: "timing", name: "custom.sum_duration" },
    { kind: "counter", name: "custom.tasks.success", value: 1 },
    { kind: "gauge", name: "custom.rows_processed", value: 2_000, tags: { table: "orders" } },
    { kind: "timing", name: "custom.task_duration" },
  ]);
  for (const { kind, value } of run.metrics) if (kind === "timing") expect(value).toBeLessThan(60);
});
