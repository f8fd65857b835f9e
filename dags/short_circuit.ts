/**
 * @module Short circuit and latest only: stop quietly when there is nothing to do, or when the run is not the newest.
 */
import { chain, dag, latestOnly, p, shortCircuit, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

const countOrders = task(
  "count_orders",
  async ({ orders }: { orders: number }, { executionDate }) => ordersOf(executionDate, orders).length,
);
const invoice = task("invoice", async ({ orders }: { orders: number }, { log }) => {
  log.info(`invoicing ${orders} orders`);
  return orders;
});
const publish = task("publish", async (_: object, { log, ds }) => log.info(`published the invoices of ${ds}`));

export const shortCircuitExample = dag(
  "short_circuit",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "branching"],
    params: { orders: p.int({ default: 25, min: 0, description: "0 skips everything behind the check." }) },
  },
  ({ params }) => {
    const orders = countOrders({ orders: params.orders });
    const anyOrders = shortCircuit("any_orders", { in: { orders } }, ({ orders: n }: { orders: number }) => n > 0);
    chain(anyOrders, invoice({ orders }), latestOnly("latest_only"), publish());
  },
);
