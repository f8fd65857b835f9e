/**
 * @module Pattern "Basic DAG Structure": the demo repeats the document's DAG keyword for keyword.
 */
import { expect, test } from "vitest";
import { customerEtlPipeline } from "../../dags/customer_etl_pipeline.ts";
import { memoryLake } from "./memory-lake.ts";
import { testDag } from "airflare/testing";

const MINUTE = 60_000;

test("the demo repeats every DAG keyword of the document", () => {
  expect(customerEtlPipeline.spec).toMatchObject({
    dagId: "customer_etl_pipeline",
    description: "ETL pipeline for customer data",
    schedule: { kind: "cron-data-interval", cron: "0 2 * * *", timezone: "UTC" },
    scheduleText: "0 2 * * *",
    startDate: { daysAgo: 1 },
    catchup: false,
    tags: ["customer", "daily", "etl"],
    maxActiveRuns: 1,
    isPausedUponCreation: false,
  });
});

test("every task takes the default arguments", () => {
  expect(customerEtlPipeline.taskIds).toEqual(["extract", "transform", "load"]);
  for (const task of customerEtlPipeline.tasks) {
    expect(task).toMatchObject({
      owner: "data-engineering",
      dependsOnPast: false,
      email: ["alerts@example.com"],
      emailOnFailure: true,
      emailOnRetry: false,
      retries: 3,
      retryDelayMs: 5 * MINUTE,
      retryExponentialBackoff: 2,
      maxRetryDelayMs: 30 * MINUTE,
    });
  }
});

test("email, email_on_failure and email_on_retry: a mail after the final failure, none for retries", async () => {
  const { env } = memoryLake();
  const broken = { ...env, LAKE: { put: () => Promise.reject(new Error("no such bucket")) } };
  const run = await testDag(customerEtlPipeline, { env: broken, logicalDate: new Date("2026-01-01T02:00:00Z") });
  expect(run.tasks["load"]).toMatchObject({ state: "failed", tryNumber: 4 });
  expect(run.mails).toEqual([{ about: "failure", taskId: "load", mapIndex: -1, to: ["alerts@example.com"] }]);
});

test("a run loads the customers of its date, and running it again replaces them", async () => {
  const { env, objects } = memoryLake();
  const options = { env, logicalDate: new Date("2026-01-01T02:00:00Z") };
  const run = await testDag(customerEtlPipeline, options);
  expect(run.state).toBe("success");
  expect(run.tasks["load"]?.result).toEqual({ key: "customers/by_country/2026-01-01.json", loadedRows: 975 });
  const first = new Map(objects);
  await testDag(customerEtlPipeline, options);
  expect(objects).toEqual(first);
});
