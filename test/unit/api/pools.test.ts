/**
 * @module Pools over HTTP: life of a pool, Airflow's refusals, slots as the wire counts them.
 */
import { beforeEach, expect, it } from "vitest";
import { FakeDeployment } from "../../support/api-fakes.ts";
import { PoolResponse } from "../../../src/api/schemas/pools.ts";

const POOLS = "/api/v2/pools";
const UNUSED = { running: 0, queued: 0, deferred: 0, scheduled: 0 };
let deployment: FakeDeployment;
beforeEach(() => {
  deployment = new FakeDeployment([]);
  const pool = { name: "default_pool", slots: -1, description: "Default pool", includeDeferred: false };
  deployment.pools.stored.set("default_pool", { ...pool, usage: UNUSED });
});
const send = async (method: string, path: string, body?: unknown) => {
  const answer = await deployment.request(method, path, body);
  const text = await answer.text();
  return { status: answer.status, json: text === "" ? null : (JSON.parse(text) as unknown) };
};

it("pools are created, read, listed, patched and deleted", async () => {
  const made = await send("POST", POOLS, { name: "db", slots: 5, description: "d" });
  expect(made).toMatchObject({
    status: 201,
    json: { name: "db", slots: 5, description: "d", include_deferred: false, open_slots: 5, occupied_slots: 0 },
  });
  expect(PoolResponse.parse(made.json)).toEqual(made.json);
  expect(await send("POST", POOLS, { name: "db", slots: 1 })).toEqual({
    status: 409,
    json: { detail: "The Pool with name: `db` already exists" },
  });
  expect(await send("GET", `${POOLS}?pool_name_prefix_pattern=d&pool_name_pattern=B`)).toMatchObject({
    json: { total_entries: 1, pools: [{ name: "db" }] },
  });
  expect(
    await send("PATCH", `${POOLS}/db?update_mask=slots`, { pool: "db", slots: 7, include_deferred: true }),
  ).toMatchObject({ status: 200, json: { slots: 7, include_deferred: false, description: "d" } });
  expect(await send("DELETE", `${POOLS}/db`)).toEqual({ status: 204, json: null });
  expect(await send("GET", `${POOLS}/db`)).toEqual({
    status: 404,
    json: { detail: "The Pool with name: `db` was not found" },
  });
});

it("slots are counted as Airflow does: deferred ones are occupied only if the pool says so", async () => {
  const usage = { running: 2, queued: 1, deferred: 3, scheduled: 9 };
  const pool = { name: "db", slots: 10, description: null, includeDeferred: false, usage };
  deployment.pools.stored.set("db", pool);
  expect(await send("GET", `${POOLS}/db`)).toMatchObject({
    json: {
      running_slots: 2,
      queued_slots: 1,
      deferred_slots: 3,
      scheduled_slots: 9,
      occupied_slots: 3,
      open_slots: 7,
    },
  });
  deployment.pools.stored.set("db", { ...pool, includeDeferred: true });
  expect(await send("GET", `${POOLS}/db`)).toMatchObject({ json: { occupied_slots: 6, open_slots: 4 } });
  expect(await send("GET", `${POOLS}/default_pool`)).toMatchObject({ json: { slots: -1, open_slots: -1 } });
});

it("default_pool cannot be deleted, and only its slots change", async () => {
  expect(await send("DELETE", `${POOLS}/default_pool`)).toEqual({
    status: 400,
    json: { detail: "Default Pool can't be deleted" },
  });
  const body = { name: "default_pool", slots: 128, include_deferred: false, description: "mine" };
  for (const mask of ["", "?update_mask=description"])
    expect(await send("PATCH", `${POOLS}/default_pool${mask}`, body)).toEqual({
      status: 400,
      json: { detail: "Only slots and included_deferred can be modified on Default Pool" },
    });
  expect(await send("PATCH", `${POOLS}/default_pool?update_mask=slots`, body)).toMatchObject({
    json: { slots: 128, description: "Default pool" },
  });
});

it.each<[string, string, string, object, number]>([
  ["slots below -1", "POST", "", { name: "db", slots: -2 }, 422],
  ["half a slot", "POST", "", { name: "db", slots: 1.5 }, 422],
  ["no name", "POST", "", { slots: 1 }, 422],
  ["a name of 257 characters", "POST", "", { name: "x".repeat(257), slots: 1 }, 422],
  ["an unknown field", "POST", "", { name: "db", slots: 1, size: 2 }, 422],
  ["no include_deferred in a patch", "PATCH", "/db?update_mask=slots", { name: "db", slots: 1 }, 422],
  ["another name", "PATCH", "/db", { name: "other", slots: 1, include_deferred: false }, 400],
  ["an unknown pool", "PATCH", "/nope", { name: "nope", slots: 1, include_deferred: false }, 404],
])("%s is refused", async (_, method, path, body, status) => {
  await send("POST", POOLS, { name: "db", slots: 1 });
  expect((await send(method, POOLS + path, body)).status).toBe(status);
});

it("pools change in bulk, each with its own outcome", async () => {
  const create = {
    action: "create",
    entities: [
      { name: "a", slots: 1 },
      { name: "a", slots: 2 },
    ],
  };
  const remove = { action: "delete", entities: ["a", "default_pool"] };
  expect(await send("PATCH", POOLS, { actions: [create, remove] })).toEqual({
    status: 200,
    json: {
      create: {
        success: ["a"],
        errors: [{ error: "The Pool with name: `a` already exists", status_code: 409 }],
      },
      update: null,
      delete: { success: ["a"], errors: [{ error: "Default Pool can't be deleted", status_code: 400 }] },
    },
  });
});
