/**
 * @module Basic DAG structure and sequential tasks: extract, then transform, then load. `npm start` runs it on the first start.
 *
 * The extracted customers are larger than 32 kB, so their XCom goes to R2 and the next task reads it from there; nothing here has to know.
 */
import { type Context, dag, daysAgo, task } from "airflare";
import { type Customer, customersOf } from "./sample_shop.ts";

// Plain functions: a unit test calls them with a plain object, without any runtime.

/** Reads the customers as they were on the run's date: a late or repeated run reads the same. */
export async function extractData(_input: object, context: Pick<Context, "executionDate">) {
  const customers = customersOf(context.executionDate, 1_000);
  return { rowCount: customers.length, customers };
}

/** Drops incomplete customers and sums up what the others spend, by country. */
export async function transformData({ data }: { data: { customers: readonly Customer[] } }) {
  const complete = data.customers.filter((customer) => customer.email !== undefined);
  const byCountry = new Map<string, { customers: number; spend: number }>();
  for (const { country, spend } of complete) {
    const sum = byCountry.get(country) ?? { customers: 0, spend: 0 };
    byCountry.set(country, { customers: sum.customers + 1, spend: sum.spend + spend });
  }
  return {
    transformedRows: complete.length,
    countries: [...byCountry]
      .map(([country, { customers, spend }]) => ({ country, customers, spend: Math.round(spend * 100) / 100 }))
      .toSorted((a, b) => b.spend - a.spend),
  };
}

type Transformed = Awaited<ReturnType<typeof transformData>>;

/** Writes one object per run date: running it again replaces it. */
export async function loadData({ data }: { data: Transformed }, context: Pick<Context, "ds" | "env" | "log">) {
  const key = `customers/by_country/${context.ds}.json`;
  await context.env.LAKE.put(key, JSON.stringify(data.countries));
  context.log.info(`loaded ${data.transformedRows} customers of ${data.countries.length} countries into ${key}`);
  return { key, loadedRows: data.transformedRows };
}

const extract = task("extract", extractData);
const transform = task("transform", transformData);
const load = task("load", loadData);

export const customerEtlPipeline = dag(
  "customer_etl_pipeline",
  {
    defaultArgs: {
      owner: "data-engineering",
      dependsOnPast: false,
      email: ["alerts@example.com"],
      emailOnFailure: true,
      emailOnRetry: false,
      retries: 3,
      retryDelay: "5m",
      retryExponentialBackoff: true,
      maxRetryDelay: "30m",
    },
    description: "ETL pipeline for customer data",
    scheduleInterval: "0 2 * * *", // daily at 2 AM UTC
    startDate: daysAgo(1),
    catchup: false, // no runs for the past
    tags: ["etl", "customer", "daily"],
    maxActiveRuns: 1, // never two at once
  },
  () => {
    // extract, then transform, then load: what goes in draws the edge.
    load({ data: transform({ data: extract() }) });
  },
);
