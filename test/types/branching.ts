/**
 * @module Accepted: a branch, a join, trigger rules with missing values.
 */
import { branch, dag, task } from "airflare";
import { extract } from "./etl.ts";
const processData = task("process_data", async ({ rows }: { rows: number }) => ({ processed: rows }));
const sendAlert = task("send_alert", async () => ({ alerted: true }));
const join = task(
  "join",
  { triggerRule: "none_failed_min_one_success" },
  async ({ done }: { done: { processed: number } | undefined }) => done?.processed ?? 0,
);
const cleanup = task("cleanup", { triggerRule: "all_done" }, async () => {});
export const branching = dag("branching", { schedule: null }, () => {
  const rows = extract({ region: "eu" }).pick("rowCount");
  const processed = processData({ rows }),
    alerted = sendAlert();
  branch(
    "quality_check",
    { in: { rows }, to: { processed, alerted } }, // the answer: a key of `to`, several, or null (skip all); task and group ids work too, checked at run time
    ({ rows: found }: { rows: number }) => (found > 0 ? "processed" : "alerted"),
  );
  cleanup().after(join({ done: processed }).after(alerted));
});
