/**
 * @module Dynamic task mapping: how many instances a task has is known only at run time, from the list that another task answered.
 */
import { dag, p, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

/** One batch per 100 orders of the day. */
const listBatches = task("list_batches", async ({ orders }: { orders: number }) =>
  Array.from({ length: Math.ceil(orders / 100) }, (_, batch) => batch),
);
const sumBatch = task("sum_batch", async ({ batch, orders }: { batch: number; orders: number }, { executionDate }) => {
  const rows = ordersOf(executionDate, orders).slice(batch * 100, (batch + 1) * 100);
  return { batch, quantity: rows.reduce((sum, { quantity }) => sum + quantity, 0) };
});
const total = task("total", async ({ batches }: { batches: readonly { quantity: number }[] }) =>
  batches.reduce((sum, { quantity }) => sum + quantity, 0),
);

export const mappedBatches = dag(
  "mapped_batches",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "mapping"],
    params: { orders: p.int({ default: 950, min: 0 }) },
  },
  ({ params }) => {
    const { orders } = params;
    const batches = sumBatch.partial({ orders }).expand({ batch: listBatches({ orders }) });
    total({ batches });
  },
);
