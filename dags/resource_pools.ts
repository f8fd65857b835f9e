/**
 * @module Resource pools: however many runs and tasks there are, at most five of them use the database at once. `airflare pools set my_pool 8 "..."` changes that
 * while they run.
 */
import { dag, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

/** Each attempt takes a slot of `my_pool`; the pool is declared in airflare.config.ts. */
const dbTask = task("db_task", { pool: "my_pool" }, async ({ region }: { region: string }, { executionDate }) => ({
  region,
  orders: ordersOf(executionDate, 10).length,
}));

/** Takes two slots at once, and goes before the others: a higher weight is served first. */
const dbReport = task(
  "db_report",
  { pool: "my_pool", poolSlots: 2, priorityWeight: 10 },
  async ({ regions }: { regions: readonly { orders: number }[] }) =>
    regions.reduce((sum, { orders }) => sum + orders, 0),
);

/** One at a time over all runs of the DAG, whatever the pool allows. */
const publish = task(
  "publish",
  { maxActiveTisPerDag: 1 },
  async ({ orders }: { orders: number }) => `${orders} orders`,
);

export const resourcePools = dag(
  "resource_pools",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "pools"] },
  () => {
    const regions = dbTask.expand({ region: ["eu", "us", "asia", "africa", "oceania", "america"] });
    publish({ orders: dbReport({ regions }) });
  },
);
