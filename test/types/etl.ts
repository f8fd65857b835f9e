/**
 * @module Accepted: sequential ETL with named inputs, defaults, params, assets, documentation.
 */
import { AirflowFailException, asset, dag, p, task } from "airflare";
export const customers = asset("r2://lake/customers");
export const extract = task("extract", async ({ region }: { region: string }) => ({
  region,
  rowCount: 1000,
  at: new Date(),
}));
export const transform = task("transform", async ({ data }: { data: { rowCount: number; at: Date } }) => {
  if (data.rowCount < 0) throw new AirflowFailException("negative row count");
  return { rows: data.rowCount };
});
export const load = task("load", { retries: 5, outlets: [customers] }, async ({ rows }: { rows: number }, ctx) => {
  ctx.log.info(`loading ${rows} rows for ${ctx.logicalDate.toISOString()}`);
});
export const customerEtl = dag(
  "customer_etl_pipeline",
  {
    schedule: "0 2 * * *",
    startDate: "2024-01-01",
    catchup: false,
    maxActiveRuns: 1,
    tags: ["etl", "customer", "daily"],
    description: "ETL pipeline for customer data",
    docMd: "# Customer ETL\nRuns daily at 2 AM UTC.",
    params: { region: p.oneOf(["eu", "us"], { default: "eu" }), limit: p.int({ default: 100, min: 1 }) },
    defaultArgs: {
      owner: "data-engineering",
      retries: 3,
      retryDelay: "5m",
      retryExponentialBackoff: true,
      maxRetryDelay: "30m",
      dependsOnPast: false,
      sla: "2h",
      email: ["alerts@example.com"],
      emailOnFailure: true,
    },
  },
  ({ params }) => {
    const extracted = extract({ region: params.region });
    const transformed = transform({ data: extracted });
    load({ rows: transformed.pick("rows") });
  },
);
