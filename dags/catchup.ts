/**
 * @module Catchup: with `catchup: false` only the current interval runs, with `true` every interval since `startDate`; each run works on its own date.
 */
import { dag, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

const processData = task("process_data", async (_: object, { executionDate, log }) => {
  // The run's own date, also in a run made years later: a backfilled run reads what its day had.
  const orders = ordersOf(executionDate, 100);
  log.info(`processing ${orders.length} orders of ${executionDate.toISOString()}`);
  return { date: executionDate, items: orders.reduce((sum, { quantity }) => sum + quantity, 0) };
});

export const currentOnly = dag(
  "catchup_off",
  {
    scheduleInterval: "@daily",
    startDate: "2024-01-01",
    catchup: false,
    isPausedUponCreation: true,
    tags: ["example"],
  },
  () => {
    processData();
  },
);

export const everyInterval = dag(
  "catchup_on",
  {
    scheduleInterval: "@daily",
    startDate: new Date(Date.UTC(2024, 0, 1)), // the first interval that is run
    catchup: true,
    maxActiveRuns: 4,
    isPausedUponCreation: true,
    tags: ["example"],
  },
  () => {
    processData();
  },
);
