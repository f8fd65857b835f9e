/**
 * @module Pattern "Resource Pools": open. What is written is kept, and a load warning says that it has no effect yet.
 */
import { dag, task } from "airflare";
import { expect, test } from "vitest";

test("a pool is kept and named in a load warning until pools limit anything", () => {
  const dbTask = task("db_task", { pool: "my_pool", poolSlots: 2 }, async () => {});
  const pooled = dag("pooled", { schedule: null }, () => {
    dbTask();
  });
  expect(pooled.getTask("db_task")).toMatchObject({ pool: "my_pool", poolSlots: 2 });
  expect(pooled.spec.warnings.some((warning) => warning.includes("option pool has no effect yet"))).toBe(true);
});
