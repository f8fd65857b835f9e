/**
 * @module Conditional branching: a quality check looks at the extracted rows and chooses the task that runs next; the other one is skipped.
 */
import { branch, dag, p, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const extract = task("extract", async ({ limit }: { limit: number }, { executionDate }) => {
  const customers = customersOf(executionDate, limit);
  return { rowCount: customers.length, spend: customers.reduce((sum, customer) => sum + customer.spend, 0) };
});
const processData = task("process_data", async ({ data }: { data: { rowCount: number; spend: number } }) => ({
  averageSpend: data.spend / data.rowCount,
}));
const sendAlert = task("send_alert", async (_: object, { log, ds }) => {
  log.error(`no customers on ${ds}`);
});
/** Runs after either branch: with the default rule it would be skipped with the branch that was not taken. */
const report = task(
  "report",
  { triggerRule: "none_failed_min_one_success" },
  async ({ processed }: { processed: { averageSpend: number } | undefined }) =>
    processed === undefined ? "nothing to process" : `average spend ${processed.averageSpend.toFixed(2)}`,
);

export const qualityBranching = dag(
  "quality_branching",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "branching"],
    params: { limit: p.int({ default: 200, min: 0, description: "Rows to extract; 0 takes the alert branch." }) },
  },
  ({ params }) => {
    const data = extract({ limit: params.limit });
    const processed = processData({ data });
    const alerted = sendAlert();
    branch(
      "quality_check",
      { in: { rowCount: data.pick("rowCount") }, to: { process_data: processed, send_alert: alerted } },
      ({ rowCount }: { rowCount: number }) => (rowCount > 0 ? "process_data" : "send_alert"),
    );
    report({ processed }).after(alerted);
  },
);
