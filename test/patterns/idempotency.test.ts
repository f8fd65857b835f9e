/**
 * @module Practice "Idempotency": cleaning up first, upserting, and giving the same rows however often it runs.
 */
import { expect, test } from "vitest";
import { idempotentUpsert } from "../../dags/idempotent_upsert.ts";
import { memoryLake } from "./memory-lake.ts";
import { setupTeardown } from "../../dags/setup_teardown.ts";
import { testDag } from "airflare/testing";

const logicalDate = new Date("2026-01-01T00:00:00Z");

test("running again leaves identical rows and no temporary files", async () => {
  const { env, objects } = memoryLake();
  const options = { env, logicalDate, params: { customers: 60 } };
  expect((await testDag(idempotentUpsert, options)).state).toBe("success");
  const first = new Map(objects);
  expect([...first.keys()].filter((key) => key.startsWith("idempotent/customers/"))).toHaveLength(60);
  expect(first.size).toBe(60);
  expect((await testDag(idempotentUpsert, options)).state).toBe("success");
  expect(objects).toEqual(first);
});

test("files that a broken run left behind are cleaned up before the work", async () => {
  const { env, objects } = memoryLake();
  objects.set("idempotent/staging/2026-01-01/9.json", JSON.stringify([{ id: 999 }]));
  const run = await testDag(idempotentUpsert, { env, logicalDate, params: { customers: 10 } });
  expect(run.state).toBe("success");
  expect([...objects.keys()].filter((key) => key.includes("staging") || key.includes("999"))).toEqual([]);
});

test("a teardown removes what a setup made, also when the work failed", async () => {
  const { env, objects } = memoryLake();
  const broken = await testDag(setupTeardown, { env, logicalDate, params: { broken: true } });
  expect(broken.tasks["drop_table"]?.state).toBe("success");
  expect(broken.tasks["count"]?.state).toBe("upstream_failed");
  expect(broken.state).toBe("failed");
  expect(objects.size).toBe(0);
});

test("the table lives from setup to teardown", async () => {
  const { env, objects } = memoryLake();
  const run = await testDag(setupTeardown, { env, logicalDate });
  expect(run.tasks["count"]?.result).toBe(100);
  expect(objects.size).toBe(0);
});
