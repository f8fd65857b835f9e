/**
 * @module Pattern "Resource Pools": tasks under a pool, and the command that sets the pool's slots.
 */
import { expect, test } from "vitest";
import { planOf } from "../../src/engine/plan.ts";
import { resourcePools } from "../../dags/resource_pools.ts";
import { runCli } from "../../src/cli/run-cli.ts";
import { testDag } from "../../src/testing.ts";

test("a task of a pool is under the pool's limit, with its slots, and the DAG loads without a warning", async () => {
  const limits = planOf(resourcePools.spec).tasks.map(({ spec, limits: all }) => [
    spec.taskId,
    all.map(({ name, slots }) => `${name} x ${slots}`),
  ]);
  expect(Object.fromEntries(limits)).toEqual({
    db_task: ["pool:my_pool x 1"],
    db_report: ["pool:my_pool x 2"],
    publish: ["tis:resource_pools/publish x 1", "pool:default_pool x 1"],
  });
  expect(resourcePools.spec.warnings).toEqual([]);
  const run = await testDag(resourcePools);
  expect(run.tasks["publish"]?.result).toBe("60 orders");
});

test("pools set takes the document's words", async () => {
  const asked: unknown[] = [];
  const fetched = globalThis.fetch;
  globalThis.fetch = async (_, init) => {
    asked.push(JSON.parse(typeof init?.body === "string" ? init.body : "null"));
    const pool = { name: "my_pool", slots: 5, description: "", occupied_slots: 0, scheduled_slots: 0 };
    return Response.json(asked.length === 1 ? { create: { success: [], errors: [] } } : pool);
  };
  const argv = ["pools", "set", "my_pool", "5", "Pool for database connections"];
  const env = { AIRFLARE_URL: "http://127.0.0.1:1", AIRFLARE_TOKEN: "t" };
  const code = await runCli({ argv, env, print: () => {}, printError: () => {} }).finally(() => {
    globalThis.fetch = fetched;
  });
  const wanted = { name: "my_pool", slots: 5, description: "Pool for database connections", include_deferred: false };
  expect([code, asked.at(-1)]).toEqual([0, wanted]);
});
