/**
 * @module Pattern "Resource Pools": a task of a pool asks the pool, an instance of a mapped task each for itself.
 */
import { dag, task } from "airflare";
import { expect, test } from "vitest";
import { planOf } from "../../src/engine/plan.ts";

test("a task is under the limit of its pool, without a load warning", () => {
  const dbTask = task("db_task", { pool: "my_pool", poolSlots: 2 }, async () => {});
  const pooled = dag("pooled", { schedule: null }, () => {
    dbTask();
  });
  expect(planOf(pooled.spec).tasks[0]?.limits).toEqual([{ name: "pool:my_pool", slots: 2, limit: null }]);
  expect(pooled.spec.warnings).toEqual([]);
});
