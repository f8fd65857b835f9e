/**
 * @module Setup and teardown: a resource is made before the work and removed after it, whatever came of the work.
 */
import { dag, p, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

const createTable = task("create_table", async (_: object, { ds, env }) => {
  const key = `setup_teardown/${ds}.csv`;
  await env.LAKE.put(key, "id,quantity\n");
  return key;
});
const fill = task("fill", async ({ table, broken }: { table: string; broken: boolean }, { env, executionDate }) => {
  if (broken) throw new Error("a row does not fit");
  const rows = ordersOf(executionDate, 100).map(({ id, quantity }) => `${id},${quantity}\n`);
  await env.LAKE.put(table, `id,quantity\n${rows.join("")}`);
});
const count = task("count", async ({ table }: { table: string }, { env }) => {
  const stored = await env.LAKE.get(table);
  if (stored === null) throw new Error(`table ${table} is gone`);
  return (await stored.text()).trimEnd().split("\n").length - 1;
});
/** A teardown never decides the run's state: a failed `fill` still fails the run. */
const dropTable = task("drop_table", async (_: object, { ds, env }) => {
  await env.LAKE.delete(`setup_teardown/${ds}.csv`);
});

export const setupTeardown = dag(
  "setup_teardown",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "setup"],
    params: { broken: p.bool({ default: false }) },
  },
  ({ params }) => {
    const table = createTable().asSetup();
    const filled = fill({ table, broken: params.broken });
    const counted = count({ table }).after(filled);
    dropTable().asTeardown({ setups: table }).after(counted);
  },
);
