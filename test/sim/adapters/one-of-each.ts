/**
 * @module A DAG with one of each: a retry with its callback, mapping, a large result in R2, a sensor that pokes again, a failure that is swept up, long logs.
 */
import { chain, dag, sensor, task } from "../../../src/index.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";

export const DAG_ID = "one_of_each";

/** How often the author's code ran, by `run/what`; a test empties it before each run. */
export const effects = new Map<string, number>();

interface Run {
  readonly dagRun: { readonly runId: string };
}

function effect({ dagRun }: Run, what: string): void {
  const key = `${dagRun.runId}/${what}`;
  effects.set(key, (effects.get(key) ?? 0) + 1);
}

const flaky = task(
  "flaky",
  {
    retries: 2,
    retryDelay: "10s",
    onRetryCallback: (context) => effect(context, `retry callback of try ${context.ti.tryNumber}`),
    onSuccessCallback: (context) => effect(context, "success callback"),
  },
  async (_: object, context) => {
    effect(context, `flaky ${context.ti.tryNumber}`);
    if (context.ti.tryNumber === 1) throw new Error("the source did not answer");
    return [1, 2, 3];
  },
);
const large = task("large", async (_: object, context) => {
  effect(context, "large");
  console.log("x".repeat(70_000));
  return "y".repeat(40_000);
});
const double = task("double", async ({ n }: { n: number }, context) => {
  effect(context, `double ${n}`);
  // Longer than a heartbeat interval for one of them.
  if (n === 2) await new Promise((resolve) => setTimeout(resolve, 12_000));
  return n * 2;
});
const waitAMinute = sensor(
  "wait_a_minute",
  { pokeInterval: "30s", timeout: "2h", mode: "reschedule" },
  async (_, context) => {
    effect(context, "poke");
    return Date.now() - context.dagRun.runAfter.getTime() > 40_000;
  },
);
const broken = task(
  "broken",
  { onFailureCallback: (context) => effect(context, "failure callback") },
  async (_: object, context) => {
    effect(context, "broken");
    throw new Error("for good");
  },
);
const collect = task("collect", async ({ parts, text }: { parts: readonly number[]; text: string }, context) => {
  effect(context, "collect");
  const once = await context.once("total", () => parts.reduce((sum, part) => sum + part, 0));
  return { total: once, length: text.length };
});
const cleanup = task("cleanup", { triggerRule: "all_done" }, async (_: object, context) => effect(context, "cleanup"));

const oneOfEach = dag(
  DAG_ID,
  { schedule: null, onSuccessCallback: (context) => effect(context, "run's success callback") },
  () => {
    const parts = double.expand({ n: flaky() });
    const collected = collect({ parts, text: large() });
    chain([collected, waitAMinute({}), broken()], cleanup());
  },
);

export const { spec } = oneOfEach.executable;

export const index: DagIndex = {
  bundleHash: "one",
  dags: { [DAG_ID]: { file: "one-of-each.ts", specHash: oneOfEach.specHash } },
  files: { "one-of-each.ts": async () => undefined },
  importErrors: [],
  sources: {},
};
