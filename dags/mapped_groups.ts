/**
 * @module A mapped task group: two tasks that belong together run once per country, each pair on its own, and a third one reads all results.
 */
import { dag, task, taskGroup } from "airflare";
import { type Customer, customersOf } from "./sample_shop.ts";

const listCountries = task("list_countries", async (_: object, { executionDate }) => [
  ...new Set(customersOf(executionDate, 200).map(({ country }) => country)),
]);
const select = task("select", async ({ country }: { country: string }, { executionDate }) =>
  customersOf(executionDate, 200).filter((customer) => customer.country === country),
);
const average = task("average", async ({ customers }: { customers: readonly Customer[] }) => {
  const spend = customers.reduce((sum, customer) => sum + customer.spend, 0);
  return { country: customers[0]?.country ?? "", customers: customers.length, average: spend / customers.length };
});
const rank = task("rank", async ({ averages }: { averages: readonly { country: string; average: number }[] }) =>
  averages.toSorted((a, b) => b.average - a.average).map(({ country }) => country),
);

export const mappedGroups = dag(
  "mapped_groups",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "mapping", "groups"] },
  () => {
    const perCountry = taskGroup("per_country", { expand: { country: listCountries() } }, ({ country }) => ({
      averaged: average({ customers: select({ country }) }),
    }));
    rank({ averages: perCountry.averaged });
  },
);
