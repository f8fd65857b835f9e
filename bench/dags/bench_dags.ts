/**
 * @module The DAGs of `npm run bench`. Their tasks do nothing: what is measured is everything around a task.
 */
import { dag, task } from "airflare";

/** Far above what a workload starts: the bench measures no limit. */
const NO_LIMIT = 100_000;
const options = { schedule: null, maxActiveRuns: NO_LIMIT, maxActiveTasks: NO_LIMIT } as const;

interface Parcel {
  readonly step: number;
  readonly items: readonly string[];
}

const first = task("step_0", { retries: 0 }, async (): Promise<Parcel> => ({ step: 0, items: ["a", "b", "c"] }));
const next = task("step", { retries: 0 }, async ({ parcel }: { parcel: Parcel }) => ({
  ...parcel,
  step: parcel.step + 1,
}));
const part = task("part", { retries: 0 }, async ({ index }: { index: number }) => index);
const join = task("join", { retries: 0 }, async ({ parts }: { parts: readonly number[] }) =>
  parts.reduce((sum, value) => sum + value, 0),
);

function chainOf(length: number) {
  return dag(`chain_${length}`, options, () => {
    let parcel = first();
    for (let index = 1; index < length; index++) parcel = next.with({ id: `step_${index}` })({ parcel });
  });
}

function fanOf(width: number) {
  return dag(`fan_${width}`, options, () => {
    const parts = Array.from({ length: width }, (_, index) => part.with({ id: `part_${index}` })({ index }));
    join({ parts });
  });
}

/** The same by dynamic task mapping: one task with a map index per item. */
function mapOf(width: number) {
  const list = task("list", { retries: 0 }, async () => Array.from({ length: width }, (_, index) => index));
  return dag(`map_${width}`, options, () => {
    join({ parts: part.expand({ index: list() }) });
  });
}

export const chain1 = dag(
  "chain_1",
  { ...options, schedule: "0 * * * *", startDate: "2036-01-01" },
  () => void first(),
);
export const chain10 = chainOf(10);
export const chain5 = chainOf(5);
export const fan100 = fanOf(100);
export const fan1000 = fanOf(1_000);
export const map1000 = mapOf(1_000);
