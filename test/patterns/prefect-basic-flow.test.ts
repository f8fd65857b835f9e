/**
 * @module Pattern "Basic Flow" (Prefect): open. The same work written as a DAG runs today.
 */
import * as authoring from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

const { dag, task } = authoring;

test("flows are not there yet: their ledger rows are open until they are", () => {
  expect("flow" in authoring).toBe(false);
});

test("the document's flow written as a DAG passes data from task to task, with its retries", async () => {
  const extract = task("extract", { retries: 3, retryDelay: "60s" }, async () => ({ rowCount: 1_000 }));
  const transform = task("transform", async ({ data }: { data: { rowCount: number } }) => ({
    processed: data.rowCount,
  }));
  const load = task("load", async ({ data }: { data: { processed: number } }, ctx) =>
    ctx.log.info(`Loading ${data.processed} records`),
  );
  const etl = dag("customer-etl", { schedule: null }, () => {
    load({ data: transform({ data: extract() }) });
  });
  const run = await testDag(etl);
  expect(run.log.map(({ message }) => message)).toEqual(["Loading 1000 records"]);
});
