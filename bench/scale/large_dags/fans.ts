/**
 * @module L1: tasks side by side and a join. A file of its own: a run loads no other large DAG.
 */
import { dag, task } from "airflare";

/** No limit: the bench measures none. */
const options = { schedule: null, maxActiveRuns: 200_000, maxActiveTasks: 200_000 } as const;
const part = task("part", { retries: 0 }, async ({ index }: { index: number }) => index);
const join = task("join", { retries: 0 }, async ({ parts }: { parts: readonly number[] }) =>
  parts.reduce((sum, value) => sum + value, 0),
);

function fanOf(width: number) {
  return dag(`fan_${width}`, options, () => {
    join({ parts: Array.from({ length: width }, (_, index) => part.with({ id: `part_${index}` })({ index })) });
  });
}

export const fan1000 = fanOf(1_000);
export const fan10000 = fanOf(10_000);
