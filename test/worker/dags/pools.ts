/**
 * @module DAGs of the worker tests whose tasks share limits across runs.
 */
import { AirflowException, dag, task } from "../../../src/index.ts";
import type { PoolName } from "../../../src/dag/register.ts";

/** Pools that the project config does not name. */
const named = (pool: string): PoolName => pool as PoolName;

/** Most slots of each limit that attempts used at the same time, and how many attempts ended. */
export const peaks: Record<string, number> = {};
export const ended: Record<string, number> = {};
/** Tasks of limits named here wait until the name is gone. */
export const held = new Set<string>();
const used: Record<string, number> = {};

async function use(limit: string, slots = 1, _of?: unknown): Promise<void> {
  used[limit] = (used[limit] ?? 0) + slots;
  peaks[limit] = Math.max(peaks[limit] ?? 0, used[limit]);
  await new Promise((resolve) => setTimeout(resolve, 15));
  while (held.has(limit)) await new Promise((resolve) => setTimeout(resolve, 15));
  used[limit] -= slots;
  ended[limit] = (ended[limit] ?? 0) + 1;
}

const twenty = Array.from({ length: 20 }, (_, n) => n);

export const pooled = dag("pooled", { schedule: null }, () => {
  task("use", { pool: named("five") }, (item: { n: number }) => use("five", 1, item)).expand({ n: twenty });
});

export const resized = dag("resized", { schedule: null }, () => {
  task("use", { pool: named("resized") }, (item: { n: number }) => use("resized", 1, item)).expand({ n: [1, 2, 3, 4] });
});

export const lateness = dag("late_pool", { schedule: null }, () => {
  task("use", { pool: named("late"), poolSlots: 2 }, () => use("late", 2))();
});

export const perDag = dag("per_dag", { schedule: null }, () => {
  task("use", { maxActiveTisPerDag: 2 }, (item: { n: number }) => use("per_dag", 1, item)).expand({
    n: [1, 2, 3, 4, 5],
  });
});

export const both = dag("both_limits", { schedule: null }, () => {
  task(
    "use",
    { pool: named("both"), maxActiveTisPerDag: 1, retries: 1, retryDelay: "10ms" },
    async (_: object, { ti }) => {
      await use("both");
      if (ti.tryNumber === 1) throw new AirflowException("the first try fails");
    },
  )({});
});

export const ordinary = dag("ordinary", { schedule: null }, () => {
  task("use", () => use("default"))();
});
