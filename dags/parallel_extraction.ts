/**
 * @module Parallel tasks: three extracts run side by side between two markers, and a merge reads all three.
 */
import { chain, dag, empty, task } from "airflare";
import { customersOf, type Order, ordersOf, type Product, productsOf } from "./sample_shop.ts";

const extractCustomers = task("extract_customers", async (_: object, { executionDate }) =>
  customersOf(executionDate, 200).map(({ id, country }) => ({ id, country })),
);
const extractOrders = task("extract_orders", async (_: object, { executionDate }) => ordersOf(executionDate, 500));
const extractProducts = task("extract_products", async (_: object, { executionDate }) => productsOf(executionDate, 50));

interface Tables {
  readonly customers: readonly { readonly id: number; readonly country: string }[];
  readonly orders: readonly Order[];
  readonly products: readonly Product[];
}

/** Turnover by country: needs a customer and a product for each order. */
const mergeData = task("merge_data", async ({ customers, orders, products }: Tables) => {
  const countryOf = new Map(customers.map(({ id, country }) => [id, country]));
  const priceOf = new Map(products.map(({ sku, price }) => [sku, price]));
  const turnover: Record<string, number> = {};
  for (const { customerId, sku, quantity } of orders) {
    const country = countryOf.get(customerId) ?? "unknown";
    turnover[country] = (turnover[country] ?? 0) + quantity * (priceOf.get(sku) ?? 0);
  }
  return turnover;
});

export const parallelExtraction = dag(
  "parallel_extraction",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "parallel"] },
  () => {
    const start = empty("start");
    const end = empty("end");
    const customers = extractCustomers();
    const orders = extractOrders();
    const products = extractProducts();
    const merged = mergeData({ customers, orders, products });
    chain(start, [customers, orders, products], merged, end);
  },
);
