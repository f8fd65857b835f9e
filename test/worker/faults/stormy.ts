/**
 * @module The DAG of the fault loops: a retry with its callback, mapping, a large XCom in R2, `once`, a failure that is swept up, a run callback.
 */
import { chain, dag, task, type Context } from "../../../src/index.ts";

/** What the author's code did, by `run/what`. */
export const effects = new Map<string, number>();

function effect({ dagRun }: Pick<Context, "dagRun">, what: string): void {
  const key = `${dagRun.runId}/${what}`;
  effects.set(key, (effects.get(key) ?? 0) + 1);
}

const flaky = task(
  "flaky",
  { retries: 2, retryDelay: "0s", onRetryCallback: (context) => effect(context, "retry callback") },
  async (_: object, context) => {
    effect(context, `flaky ${context.ti.tryNumber}`);
    if (context.ti.tryNumber === 1) throw new Error("the source did not answer");
    return [1, 2, 3];
  },
);
const large = task("large", async (_: object, context) => {
  effect(context, "large");
  return "y".repeat(150_000);
});
const double = task("double", async ({ n }: { n: number }, context) => {
  effect(context, `double ${n}`);
  // Long enough for a heartbeat.
  if (n === 2) await new Promise((resolve) => setTimeout(resolve, 700));
  return n * 2;
});
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
  const total = await context.once("total", () => parts.reduce((sum, part) => sum + part, 0));
  return { total, length: text.length };
});
const cleanup = task("cleanup", { triggerRule: "all_done" }, async (_: object, context) => effect(context, "cleanup"));

export const stormy = dag(
  "stormy",
  { schedule: null, maxActiveRuns: 1_000, onSuccessCallback: (context) => effect(context, "run callback") },
  () => {
    const parts = double.expand({ n: flaky() });
    chain([collect({ parts, text: large() }), broken()], cleanup());
  },
);
