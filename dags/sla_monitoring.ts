/**
 * @module SLA monitoring: what must be through two hours after the run's scheduled start, a task that has 30 minutes, and a deadline for the whole run.
 */
import { dag, DeadlineReference, p, type SlaMissCallback, task } from "airflare";

/** Says which tasks were late, and what held them up. */
export const handleSlaMiss: SlaMissCallback = (owner, taskList, blockingTaskList, slas) => {
  for (const sla of slas) console.warn(`SLA missed for ${sla.taskId} at ${sla.executionDate.toISOString()}`);
  console.warn(`${owner.dagId} is late:\n${taskList}\nwaiting for:\n${blockingTaskList}`);
};

const critical = task(
  "critical_task",
  { sla: "30m", retries: 1, retryDelay: "45m" },
  async ({ late }: { late: boolean }, { ti }) => {
    if (late && ti.tryNumber === 1) throw new Error("the source is not there yet");
    return "through";
  },
);
const report = task("report", async ({ state }: { state: string }) => `report: ${state}`);

export const slaMonitoring = dag(
  "sla_monitoring",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "alerts"],
    slaRuns: "all",
    defaultArgs: { sla: "2h", slaMissCallback: handleSlaMiss },
    deadline: {
      reference: DeadlineReference.DAGRUN_QUEUED_AT,
      interval: "40m",
      callback: ({ dagRun, deadline, log }) =>
        log.warn(`run ${dagRun.runId} is not through by ${deadline.missedAt.toISOString()}`),
    },
    params: { late: p.bool({ default: false }) },
  },
  ({ params }) => {
    report({ state: critical({ late: params.late }) });
  },
);
