/**
 * @module The DAGs of the rows about waiting: ten thousand sensors that never end, and pairs of DAGs of which one waits for the other.
 */
import { dag, externalTask, sensor, task } from "airflare";

const options = { schedule: null, maxActiveRuns: 100_000, maxActiveTasks: 100_000 } as const;
const list = task("list", async () => Array.from({ length: 10_000 }, (_, index) => index));

function crowd(dagId: string, pokeInterval: "1h" | "60s") {
  const wait = sensor(
    "wait",
    { pokeInterval, timeout: "7d", mode: "reschedule" },
    async ({ index }: { index: number }) => index < 0,
  );
  return dag(dagId, options, () => void wait.expand({ index: list() }));
}

export const crowdByHour = crowd("crowd_by_hour", "1h");
export const crowdByMinute = crowd("crowd_by_minute", "60s");

/** Long enough for the waiting task to have looked at it while it ran. */
const awaitedTask = task("awaited_task", async () => {
  await new Promise((resolve) => setTimeout(resolve, 300));
});
export const awaited = dag("awaited", options, () => void awaitedTask());
export const waiter = dag("waiter", options, () => {
  externalTask("wait", { dag: awaited, task: "awaited_task", pokeInterval: "1h", timeout: "1d" });
});
