/**
 * @module Event-based trigger: waits for a task of another DAG's run with the same logical date. The other DAG wakes the sensor when the task is done.
 */
import { dag, externalTask, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const prepare = task("prepare", async (_: object, { executionDate }) => customersOf(executionDate, 10).length);
const finalTask = task("final_task", async ({ rows }: { rows: number }) => rows);
const extract = task("extract", async (_: object, { log, ds }) => {
  log.info(`upstream is done for ${ds}`);
});

export const upstreamDag = dag(
  "upstream_dag",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    finalTask({ rows: prepare() });
  },
);

export const externalTaskSensorExample = dag(
  "external_task_sensor",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    const waitForUpstream = externalTask("wait_for_upstream", {
      dag: upstreamDag,
      task: "final_task",
      failedStates: ["failed", "upstream_failed"],
      timeout: "1h",
    });
    waitForUpstream.before(extract());
  },
);
