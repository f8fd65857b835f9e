/**
 * @module Pattern "Dynamic Task Generation": tasks made by a loop at load, and instances made from a list at run time.
 */
import { expect, test } from "vitest";
import { dynamicSources } from "../../dags/dynamic_sources.ts";
import { mappedBatches } from "../../dags/mapped_batches.ts";
import { mappedGroups } from "../../dags/mapped_groups.ts";
import { testDag } from "airflare/testing";

test("a loop makes one task per source, in order, between the markers", () => {
  expect(dynamicSources.taskIds.toSorted()).toEqual([
    "end",
    "process_mongodb",
    "process_mysql",
    "process_postgres",
    "start",
  ]);
  expect(dynamicSources.getTask("start")?.downstreamTaskIds).toEqual([
    "process_mysql",
    "process_postgres",
    "process_mongodb",
  ]);
  expect(dynamicSources.getTask("end")?.upstreamTaskIds).toEqual([
    "process_mysql",
    "process_postgres",
    "process_mongodb",
  ]);
});

test("each task is told its source by position", async () => {
  const run = await testDag(dynamicSources);
  expect(run.tasks["process_postgres"]?.result).toEqual({ source: "postgres", count: 100 });
  expect(run.tasks["process_mongodb"]?.result).toEqual({ source: "mongodb", count: 100 });
});

test("a mapped task has as many instances as the list has elements", async () => {
  const run = await testDag(mappedBatches, { params: { orders: 250 } });
  expect(run.taskInstances.filter(({ taskId }) => taskId === "sum_batch").map(({ mapIndex }) => mapIndex)).toEqual([
    0, 1, 2,
  ]);
  const sums = run.tasks["sum_batch"]?.result as { quantity: number }[];
  expect(run.tasks["total"]?.result).toBe(sums.reduce((sum, { quantity }) => sum + quantity, 0));
});

test("mapping over an empty list skips the task", async () => {
  const run = await testDag(mappedBatches, { params: { orders: 0 } });
  expect(run.tasks["sum_batch"]?.state).toBe("skipped");
});

test("a mapped group runs once per element, each index on its own", async () => {
  const run = await testDag(mappedGroups, { mock: { list_countries: ["DE", "FR"] } });
  const averages = run.tasks["per_country.average"]?.result as { country: string }[];
  expect(averages.map(({ country }) => country)).toEqual(["DE", "FR"]);
  const ranked = run.tasks["rank"]?.result as string[];
  expect(ranked.toSorted()).toEqual(["DE", "FR"]);
});
