/**
 * @module A DAG of one short task with a grid of hours, for backfills.
 */
import { dag, task } from "airflare";

const work = task("work", { retries: 0 }, async () => "done");

export const backfilled = dag("backfilled", { schedule: "0 * * * *", startDate: "2036-01-01" }, () => {
  work();
});
