/**
 * @module Sample data of a small shop, the source of the example DAGs: the same date always gives the same customers, orders and products.
 * A file of the DAG folder that defines no DAG is a helper, no error.
 */

export interface Customer {
  readonly id: number;
  readonly name: string;
  readonly country: string;
  /** Absent for one in fifty: data as it comes. */
  readonly email?: string;
  readonly signedUpAt: Date;
  /** Euro a month. */
  readonly spend: number;
}

export interface Order {
  readonly id: number;
  readonly customerId: number;
  readonly sku: string;
  readonly quantity: number;
}

export interface Product {
  readonly sku: string;
  readonly title: string;
  /** Euro. */
  readonly price: number;
}

const COUNTRIES = ["DE", "ES", "FR", "IT", "NL", "PL", "SE"] as const;
const DAY_MS = 86_400_000;

export function customersOf(date: Date, count: number): Customer[] {
  const random = randomOf(date, 1);
  return Array.from({ length: count }, (_, index) => {
    const id = index + 1;
    const complete = random() >= 0.02;
    return {
      id,
      name: `Customer ${id}`,
      country: pick(COUNTRIES, random()),
      ...(complete ? { email: `customer-${id}@example.com` } : {}),
      signedUpAt: new Date(midnight(date) - Math.floor(random() * 1_000) * DAY_MS),
      spend: Math.round(random() * 20_000) / 100,
    };
  });
}

export function ordersOf(date: Date, count: number): Order[] {
  const random = randomOf(date, 2);
  return Array.from({ length: count }, (_, index) => ({
    id: index + 1,
    customerId: 1 + Math.floor(random() * 200),
    sku: `SKU-${1 + Math.floor(random() * 50)}`,
    quantity: 1 + Math.floor(random() * 5),
  }));
}

export function productsOf(date: Date, count: number): Product[] {
  const random = randomOf(date, 3);
  return Array.from({ length: count }, (_, index) => ({
    sku: `SKU-${index + 1}`,
    title: `Product ${index + 1}`,
    price: Math.round(100 + random() * 9_900) / 100,
  }));
}

function midnight(date: Date): number {
  return Math.floor(date.getTime() / DAY_MS) * DAY_MS;
}

function pick<T>(list: readonly [T, ...T[]] | readonly T[], at: number): T {
  const item = list[Math.floor(at * list.length)];
  if (item === undefined) throw new RangeError(`no item at ${at} of an empty list`);
  return item;
}

/** Seeded by day and table (mulberry32): a re-run of an old date reads what the first run read. */
function randomOf(date: Date, table: number): () => number {
  let state = (midnight(date) / DAY_MS) * 10 + table;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
