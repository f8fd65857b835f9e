/**
 * @module Pattern "Parallel Execution" (Prefect): open. The same work written as a DAG runs today.
 */
import * as authoring from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

const { dag, task } = authoring;

test("task runners are not there yet: their ledger rows are open until they are", () => {
  expect("flow" in authoring).toBe(false);
});

test("the document's parallel extraction written as a mapped task gives the results in order", async () => {
  const processSource = task("process_source", async ({ source }: { source: string }) => ({ source, count: 100 }));
  const extraction = dag("parallel_extraction_as_dag", { schedule: null }, () => {
    processSource.expand({ source: ["mysql", "postgres", "mongodb"] });
  });
  const run = await testDag(extraction);
  expect(run.tasks["process_source"]?.result).toEqual([
    { source: "mysql", count: 100 },
    { source: "postgres", count: 100 },
    { source: "mongodb", count: 100 },
  ]);
});
