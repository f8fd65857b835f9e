/**
 * @module Configuration management: Airflow variables, read when the task runs, with a default where one makes sense.
 */
import { dag, task } from "airflare";

const describeTarget = task("describe_target", async (_: object, { variables }) => {
  const host = await variables.get("db_host"); // as long as nobody sets it: the value in airflare.config.ts
  const batch = await variables.get("batch", { default: 250 }); // a default of this place alone
  return `${host}, ${batch} rows at a time`;
});

export const configuration = dag(
  "configuration",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "variables"] },
  () => {
    describeTarget();
  },
);
