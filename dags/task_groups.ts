/**
 * @module Task groups: related tasks under one name and tooltip, and an edge from group to group. Ids inside carry the group's: `extraction_group.extract_db1`.
 */
import { chain, dag, task, taskGroup } from "airflare";
import { type Customer, customersOf, type Order, ordersOf, type Product, productsOf } from "./sample_shop.ts";

const extractDb1 = task("extract_db1", async (_: object, { executionDate }) => customersOf(executionDate, 100));
const extractDb2 = task("extract_db2", async (_: object, { executionDate }) => ordersOf(executionDate, 300));
const extractApi = task("extract_api", async (_: object, { executionDate }) => productsOf(executionDate, 50));

interface Extracted {
  readonly customers: readonly Customer[];
  readonly orders: readonly Order[];
}

const clean = task("clean", async ({ customers, orders }: Extracted) => {
  const known = new Set(customers.map(({ id }) => id));
  return orders.filter(({ customerId }) => known.has(customerId));
});
const enrich = task(
  "enrich",
  async ({ orders, products }: { orders: readonly Order[]; products: readonly Product[] }) => {
    const priceOf = new Map(products.map(({ sku, price }) => [sku, price]));
    return orders.map((order) => ({ id: order.id, value: order.quantity * (priceOf.get(order.sku) ?? 0) }));
  },
);
const load = task("load", async ({ orders }: { orders: readonly { id: number; value: number }[] }) => ({
  orders: orders.length,
  value: orders.reduce((sum, order) => sum + order.value, 0),
}));

export const taskGroups = dag(
  "task_groups",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "groups"] },
  () => {
    const extraction = taskGroup("extraction_group", { tooltip: "Extract from all sources" }, () => ({
      customers: extractDb1(),
      orders: extractDb2(),
      products: extractApi(),
    }));
    const transformation = taskGroup("transformation_group", { tooltip: "Transform all data" }, () => {
      const cleaned = clean({ customers: extraction.customers, orders: extraction.orders });
      return { cleaned, enriched: enrich({ orders: cleaned, products: extraction.products }) };
    });
    chain(extraction, transformation, load({ orders: transformation.enriched }));
  },
);
