/**
 * @module Pattern "Connection Management": a hook over the connection `postgres_default`. The password is in the connection, never in the code.
 */
import { PostgresHook, dag, task } from "airflare";

interface Customer {
  readonly id: number;
  readonly name: string;
  readonly country: string;
}

const extractFromDb = task("extract_from_db", async (_: {}, ctx) => {
  const postgres = await ctx.hook(PostgresHook, "postgres_default");
  const customers = await postgres.getRecords<Customer>("SELECT * FROM customers WHERE updated_at > %(date)s", {
    date: "2024-01-01",
  });
  return customers.length;
});

/** Any number of rows: pages of 1,000 are fetched, one row at a time is held. */
const countByCountry = task("count_by_country", async (_: {}, ctx) => {
  const postgres = await ctx.hook(PostgresHook, "postgres_default");
  const counts = new Map<string, number>();
  for await (const { country } of postgres.stream<Customer>("SELECT country FROM customers"))
    counts.set(country, (counts.get(country) ?? 0) + 1);
  return counts;
});

/** Running it again replaces the day's rows: an upsert, all values bound. */
const storeCounts = task("store_counts", async ({ counts }: { counts: Map<string, number> }, ctx) => {
  const postgres = await ctx.hook(PostgresHook, "postgres_default");
  await postgres.run(
    "CREATE TABLE IF NOT EXISTS customers_by_country (day date, country text, customers int, PRIMARY KEY (day, country))",
  );
  for (const [country, customers] of counts) {
    await postgres.run(
      `INSERT INTO customers_by_country VALUES (%(day)s, %(country)s, %(customers)s)
       ON CONFLICT (day, country) DO UPDATE SET customers = excluded.customers`,
      { day: ctx.ds, country, customers },
    );
  }
  return counts.size;
});

export const connectionManagement = dag(
  "connection_management",
  {
    schedule: null,
    isPausedUponCreation: true,
    description: "Reads customers from PostgreSQL, counts them by country, and stores the counts again",
    tags: ["postgres", "connections"],
  },
  () => {
    const counted = countByCountry().after(extractFromDb());
    storeCounts({ counts: counted });
  },
);
