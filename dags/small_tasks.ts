/**
 * @module Small tasks: a large piece of work in 1,000 parts that fail, retry and re-run one by one.
 */
import { AirflowFailException, dag, p, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

const listParts = task("list_parts", async ({ parts }: { parts: number }) =>
  Array.from({ length: parts }, (_, part) => part),
);
const sumPart = task(
  "sum_part",
  async ({ part, failing }: { part: number; failing: number }, { executionDate, ti }) => {
    // After somebody repaired the source and cleared the task, its next attempt succeeds.
    if (part === failing && ti.tryNumber === 1) throw new AirflowFailException(`part ${part} is corrupt`);
    const orders = ordersOf(executionDate, 1_000);
    return orders.filter(({ id }) => id % 1_000 === part).reduce((sum, { quantity }) => sum + quantity, 0);
  },
);
const total = task("total", async ({ sums }: { sums: readonly number[] }) => sums.reduce((sum, part) => sum + part, 0));

export const smallTasks = dag(
  "small_tasks",
  {
    schedule: null,
    isPausedUponCreation: true,
    maxActiveTasks: 200,
    tags: ["example", "small tasks"],
    params: {
      parts: p.int({ default: 1_000, min: 1, max: 1_000 }),
      failing: p.int({ default: -1, min: -1, max: 999, description: "Part whose first attempt fails; -1 = none." }),
    },
  },
  ({ params }) => {
    const sums = sumPart.expand({ part: listParts({ parts: params.parts }) }, { failing: params.failing });
    total({ sums });
  },
);
