/**
 * @module The context for a function under test.
 */
import { expect, test } from "vitest";
import { task } from "../../../src/index.ts";
import { testContext } from "../../../src/testing.ts";

const shows = task("shows", async (_: {}, ctx) => ({
  ds: ctx.ds,
  same: ctx.executionDate === ctx.logicalDate && ctx.ti === ctx.taskInstance,
  limit: ctx.params["limit"],
  host: await ctx.variables.get("db_host", { default: "none" }),
  conn: (await ctx.connections.get("slack")).host,
  upstream: await ctx.ti.xcomPull("extract"),
  both: await ctx.ti.xcomPull({ taskIds: ["extract", "absent"], default: 0 }),
  conf: ctx.dagRun.conf,
}));

test("a function under test sees what the test says, and plain values for the rest", async () => {
  const context = testContext({
    logicalDate: new Date("2026-02-03T04:05:06Z"),
    params: { limit: 5 },
    variables: { db_host: "localhost" },
    connections: { slack: { host: "example.com" } },
    xcoms: { extract: { rows: 1 } },
  });
  expect(await shows.fn({}, context)).toEqual({
    ds: "2026-02-03",
    same: true,
    limit: 5,
    host: "localhost",
    conn: "example.com",
    upstream: { rows: 1 },
    both: [{ rows: 1 }, 0],
    conf: { limit: 5 },
  });
  expect([context.ts, context.tsNodash, context.dsNodash]).toEqual([
    "2026-02-03T04:05:06+00:00",
    "20260203T040506",
    "20260203",
  ]);
});

test("what is pushed can be pulled, the stats and once do their plain work", async () => {
  const context = testContext();
  await context.ti.xcomPush("rows", 3);
  expect(await context.ti.xcomPull("test", "rows")).toBe(3);
  expect(context.stats.timer("t", () => 5)).toBe(5);
  expect(await context.once("k", () => 7)).toBe(7);
});

test("a missing variable or connection names what to give", async () => {
  const context = testContext();
  await expect(context.variables.get("db_host")).rejects.toThrow(/testContext\(\{ variables: \{ db_host/);
  await expect(context.connections.get("slack")).rejects.toMatchObject({ code: "connection_not_found" });
});
