/**
 * @module Runs of twenty tasks each whose every start and end is written into a ledger outside: what really happened, whatever the orchestrator believes.
 */
import { dag, task, type Context } from "airflare";

type Run = Pick<Context, "ti" | "dagRun">;

/** Entry of a ledger that the test holds; its address comes with the run's conf. */
async function enter({ ti, dagRun }: Run, what: "start" | "end"): Promise<void> {
  const place = [ti.dagId, ti.runId, ti.taskId, ti.mapIndex, ti.tryNumber].join("/");
  await fetch(`${String(dagRun.conf["ledger"])}/${what}/${place}`, { method: "POST" });
}

/** Up to two seconds, different for each place. */
function lengthMs({ ti }: Run): number {
  let hash = 7;
  for (const letter of ti.idempotencyKey) hash = (hash * 31 + letter.charCodeAt(0)) % 2_000;
  return 50 + hash;
}

async function work(context: Run): Promise<void> {
  await enter(context, "start");
  await new Promise((resolve) => setTimeout(resolve, lengthMs(context)));
}

const count = task("count", { retries: 0 }, async ({ before }: { before: readonly number[] }, context) => {
  await work(context);
  await enter(context, "end");
  return before.reduce((sum, each) => sum + each, 1);
});
const countTwice = task(
  "count_twice",
  { retries: 1, retryDelay: "1s" },
  async ({ before }: { before: readonly number[] }, context) => {
    await work(context);
    if (context.ti.tryNumber === 1) throw new Error("the first try always fails");
    await enter(context, "end");
    return before.reduce((sum, each) => sum + each, 1);
  },
);
const list = task("list", { retries: 0 }, async (_: object, context) => {
  await work(context);
  await enter(context, "end");
  return Array.from({ length: 18 }, () => [0]);
});

const options = { schedule: null, maxActiveRuns: 100 };

export const ledgeredChain = dag("ledgered_chain", options, () => {
  let last = count.with({ id: "count_0" })({ before: [] });
  for (let index = 1; index < 20; index++) last = count.with({ id: `count_${index}` })({ before: [last] });
});

export const ledgeredFanOut = dag("ledgered_fan_out", options, () => {
  const first = count.with({ id: "first" })({ before: [] });
  const middle = Array.from({ length: 18 }, (_, index) => count.with({ id: `count_${index}` })({ before: [first] }));
  count.with({ id: "last" })({ before: middle });
});

export const ledgeredRetries = dag("ledgered_retries", options, () => {
  for (let row = 0; row < 5; row++) {
    let last = countTwice.with({ id: `count_${row}_0` })({ before: [] });
    for (let index = 1; index < 4; index++) last = countTwice.with({ id: `count_${row}_${index}` })({ before: [last] });
  }
});

export const ledgeredMapped = dag("ledgered_mapped", options, () => {
  const each = count.with({ id: "each" }).expand({ before: list({}) });
  count.with({ id: "last" })({ before: each });
});
