/**
 * @module Pattern "Parallel Task Pattern": three extracts between two markers, and a merge.
 */
import { expect, test } from "vitest";
import { parallelExtraction } from "../../dags/parallel_extraction.ts";
import { testDag } from "airflare/testing";

const EXTRACTS = ["extract_customers", "extract_orders", "extract_products"];

test("three extracts stand side by side between the start marker and the merge", () => {
  expect(parallelExtraction.roots.map(({ id }) => id)).toEqual(["start"]);
  expect(parallelExtraction.getTask("start")?.downstreamTaskIds).toEqual(EXTRACTS);
  for (const id of EXTRACTS) expect(parallelExtraction.getTask(id)?.downstreamTaskIds).toEqual(["merge_data"]);
  expect(parallelExtraction.getTask("merge_data")?.downstreamTaskIds).toEqual(["end"]);
});

test("the markers are empty tasks, which need no worker", async () => {
  expect(parallelExtraction.getTask("start")).toMatchObject({ kind: "empty", operatorName: "EmptyOperator" });
  const run = await testDag(parallelExtraction);
  expect(run.tasks["end"]?.state).toBe("success");
});

test("the merge reads the results of all three", async () => {
  const one = await testDag(parallelExtraction, {
    mock: {
      extract_customers: [{ id: 7, country: "PL" }],
      extract_orders: [{ id: 1, customerId: 7, sku: "SKU-1", quantity: 3 }],
      extract_products: [{ sku: "SKU-1", title: "Product 1", price: 2 }],
    },
  });
  expect(one.tasks["merge_data"]?.result).toEqual({ PL: 6 });
});
