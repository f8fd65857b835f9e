/**
 * @module Pattern "Sequential Task Pattern": one task after the other, each reading what the one before it answered.
 */
import { expect, test } from "vitest";
import { customerEtlPipeline } from "../../dags/customer_etl_pipeline.ts";
import { memoryLake } from "./memory-lake.ts";
import { testDag } from "airflare/testing";
import { xcomPassing } from "../../dags/xcom_passing.ts";

test("extract, transform and load are in sequence", () => {
  expect(customerEtlPipeline.edges).toEqual([
    ["extract", "transform"],
    ["transform", "load"],
  ]);
});

test("a task's result is the next task's input", async () => {
  const run = await testDag(customerEtlPipeline, { env: memoryLake().env });
  const extracted = run.tasks["extract"]?.result as { rowCount: number };
  const transformed = run.tasks["transform"]?.result as { transformedRows: number; countries: { customers: number }[] };
  expect(extracted.rowCount).toBe(1_000);
  expect(transformed.transformedRows).toBeLessThan(1_000);
  expect(transformed.countries.reduce((sum, { customers }) => sum + customers, 0)).toBe(transformed.transformedRows);
});

test("transform pulls the result of extract by its id", async () => {
  const run = await testDag(xcomPassing);
  expect(run.tasks["load"]?.result).toBe(1_000);
});
