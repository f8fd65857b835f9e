/**
 * @module L3 and L4: a mapped task over a list made at run time, and a short chain. A file of its own: a run loads no other large DAG.
 */
import { dag, task } from "airflare";

/** No limit: the bench measures none. */
const options = { schedule: null, maxActiveRuns: 200_000, maxActiveTasks: 200_000 } as const;
const part = task("part", { retries: 0 }, async ({ index }: { index: number }) => index);
const empty = task("step", { retries: 0 }, async () => undefined);

/** One mapped task over a list made at run time, and nobody who reads all of its results. */
function listOf(length: number) {
  const list = task("list", { retries: 0 }, async () => Array.from({ length }, (_, index) => index));
  return dag(`list_${length}`, options, () => void part.expand({ index: list() }));
}

function chainOf(length: number) {
  return dag(`chain_${length}`, options, () => {
    let before = empty.with({ id: "step_0" })();
    for (let index = 1; index < length; index++) {
      const next = empty.with({ id: `step_${index}` })();
      before.before(next);
      before = next;
    }
  });
}

export const list1000 = listOf(1_000);
export const list10000 = listOf(10_000);
export const list100000 = listOf(100_000);
export const chain5 = chainOf(5);
