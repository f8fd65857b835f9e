/**
 * @module Trigger rules: tasks that do not wait for the success of everything above them.
 */
import { chain, dag, p, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

/** Two mirrors of the same source; a param says which of them are down. */
const readMirror = task(
  "read_mirror",
  async ({ mirror, down }: { mirror: string; down: readonly string[] }, { executionDate }) => {
    if (down.includes(mirror)) throw new Error(`mirror ${mirror} is down`);
    return ordersOf(executionDate, 100).length;
  },
);
/** Default rule `all_success`: all upstream tasks succeeded. */
const task1 = task("task1", async (_: object, { log }) => log.info("both mirrors answered"));
/** At least one upstream task succeeded; does not wait for the others. */
const task2 = task("task2", { triggerRule: "one_success" }, async (_: object, { log }) =>
  log.info("a mirror answered"),
);
/** Any upstream task failed. */
const task3 = task("task3", { triggerRule: "one_failed" }, async (_: object, { log }) => log.warn("a mirror is down"));
/** Always, once everything above has ended. As the last task it decides the run's state: the run succeeds though a mirror failed. */
const cleanup = task("cleanup", { triggerRule: "all_done" }, async (_: object, { log }) => log.info("cleaned up"));

export const triggerRules = dag(
  "trigger_rules",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "trigger rules"],
    params: { down: p.list(p.oneOf(["a", "b"]), { default: [], description: "Mirrors that do not answer." }) },
  },
  ({ params }) => {
    const mirrors = ["a", "b"].map((mirror) =>
      readMirror.with({ id: `read_mirror_${mirror}` })({ mirror, down: params.down }),
    );
    const results = [task1(), task2(), task3()];
    for (const mirror of mirrors) chain(mirror, results);
    chain(results, cleanup());
  },
);
