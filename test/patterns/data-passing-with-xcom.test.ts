/**
 * @module Pattern "Data Passing with XCom": return values, keys of one's own, pulls by id.
 */
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";
import { xcomPassing } from "../../dags/xcom_passing.ts";

test("a result is pulled by task id, a pushed value by task id and key", async () => {
  const run = await testDag(xcomPassing, { mock: { extract: { customers: 12, orders: 1 } } });
  expect(run.tasks["load"]?.result).toBe(12);
});

test("several task ids give a list in their order", async () => {
  const run = await testDag(xcomPassing);
  expect(run.tasks["compare"]?.result).toEqual({ lost: 0 });
});

test("what is printed stands in the task's log", async () => {
  const run = await testDag(xcomPassing);
  expect(run.log.map(({ message }) => message)).toEqual(["processing 1000 customers", "loading 1000 records"]);
});
