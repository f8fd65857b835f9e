/**
 * @module Custom metrics: a counter, a gauge and a timing of the author's own beside the built-in ones.
 */
import { dag, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

const processOrders = task("process_orders", async (_: object, { executionDate, stats }) => {
  const startedAt = Date.now();
  const orders = ordersOf(executionDate, 2_000);
  const items = stats.timer("custom.sum_duration", () => orders.reduce((sum, { quantity }) => sum + quantity, 0));
  stats.incr("custom.tasks.success");
  stats.gauge("custom.rows_processed", orders.length, { tags: { table: "orders" } });
  stats.timing("custom.task_duration", (Date.now() - startedAt) / 1_000); // seconds
  return { rows: orders.length, items };
});

export const customMetrics = dag(
  "custom_metrics",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "metrics"] },
  () => {
    processOrders();
  },
);
