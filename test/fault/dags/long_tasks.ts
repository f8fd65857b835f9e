/**
 * @module Ten tasks side by side that each take some seconds: what a kill of everything hits in the middle.
 */
import { dag, task } from "airflare";

const SECONDS = 6;

const wait = task("wait", { retries: 0 }, async ({ index }: { index: number }, ctx) => {
  await new Promise((resolve) => setTimeout(resolve, SECONDS * 1_000));
  ctx.log.info(`task ${index} is through`);
  return index;
});

export const longTasks = dag("long_tasks", { schedule: null, maxActiveRuns: 100 }, () => {
  for (let index = 0; index < 10; index++) wait.with({ id: `wait_${index}` })({ index });
});
