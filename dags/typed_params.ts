/**
 * @module Params: typed values a run is triggered with, checked against their JSON schema before the run exists.
 */
import { dag, p, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const selectCustomers = task(
  "select_customers",
  async ({ country, limit }: { country: "DE" | "FR" | "IT"; limit: number }, { executionDate }) =>
    customersOf(executionDate, 1_000)
      .filter((customer) => customer.country === country)
      .slice(0, limit)
      .map(({ id }) => id),
);
const greet = task("greet", async ({ ids, dryRun }: { ids: readonly number[]; dryRun: boolean }, { log, params }) => {
  log.info(`${dryRun ? "would greet" : "greeting"} ${ids.length} customers of ${String(params["country"])}`);
  return dryRun ? 0 : ids.length;
});

export const typedParams = dag(
  "typed_params",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "params"],
    params: {
      country: p.oneOf(["DE", "FR", "IT"], { default: "DE" }),
      limit: p.int({ default: 100, min: 1, max: 1_000 }),
      dryRun: p.bool({ default: true }),
    },
  },
  ({ params }) => {
    greet({ ids: selectCustomers({ country: params.country, limit: params.limit }), dryRun: params.dryRun });
  },
);
