/**
 * @module DAGs of the worker tests whose runs and tasks hold each other back.
 */
import { AirflowException, dag, task } from "../../../src/index.ts";

/** `run/task` that are to fail. */
export const failing = new Set<string>();

const failOnDemand = async (_: object, { dagRun, ti }: { dagRun: { runId: string }; ti: { taskId: string } }) => {
  if (failing.has(`${dagRun.runId}/${ti.taskId}`)) throw new AirflowException("the test wants it so");
};
const second = task("second", failOnDemand);

export const past = dag("past_runs", { schedule: null, maxActiveRuns: 1 }, () => {
  second({}).after(task("first", { dependsOnPast: true }, failOnDemand)({}));
});

export const pastDownstream = dag("past_downstream", { schedule: null }, () => {
  second({}).after(task("first", { waitForDownstream: true }, failOnDemand)({}));
});

/** Most attempts of each DAG that ever ran at the same time. */
export const peaks: Record<string, number> = {};
const running: Record<string, number> = {};

const counted = async (_: { n: number }, { dag: { dagId } }: { dag: { dagId: string } }): Promise<void> => {
  running[dagId] = (running[dagId] ?? 0) + 1;
  peaks[dagId] = Math.max(peaks[dagId] ?? 0, running[dagId]);
  await new Promise((resolve) => setTimeout(resolve, 60));
  running[dagId] -= 1;
};
const six = [1, 2, 3, 4, 5, 6];

export const limitedRun = dag("limited_run", { schedule: null, maxActiveTasks: 2 }, () => {
  task("counted", counted).expand({ n: six });
});
export const limitedTask = dag("limited_task", { schedule: null }, () => {
  task("counted", { maxActiveTisPerDagrun: 2 }, counted).expand({ n: six });
});
export const unlimited = dag("unlimited", { schedule: null }, () => {
  task("counted", counted).expand({ n: six });
});
