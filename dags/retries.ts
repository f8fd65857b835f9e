/**
 * @module Retry configuration: the task's own policy with exponential backoff, and a function that repeats one operation itself.
 */
import { dag, p, task } from "airflare";
import { ordersOf } from "./sample_shop.ts";

/** Fails as often as asked, as an API under load would, then answers. */
const callApi = task(
  "call_api",
  { retries: 5, retryDelay: "5m", retryExponentialBackoff: true, maxRetryDelay: "1h" },
  async ({ failures }: { failures: number }, { ti, executionDate }) => {
    if (ti.tryNumber <= failures) throw new Error(`503 on attempt ${ti.tryNumber}`);
    return { attempts: ti.tryNumber, orders: ordersOf(executionDate, 10).length };
  },
);

/** Repeats `operation` inside one attempt: for an operation that is cheaper to repeat than the whole task. */
export async function withAttempts<T>(
  maxAttempts: number,
  operation: (attempt: number) => Promise<T>,
  onFailure: (attempt: number, error: unknown) => Promise<void>,
): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await operation(attempt);
    } catch (error) {
      if (attempt === maxAttempts) throw error;
      await onFailure(attempt, error);
    }
  }
}

const flakyCall = task("my_func_with_retry", async (_: object, { executionDate, log, signal }) =>
  withAttempts(
    3,
    async (attempt) => {
      if (attempt < 3) throw new Error("connection reset");
      return { attempt, orders: ordersOf(executionDate, 10).length };
    },
    async (attempt, error) => {
      log.warn(`attempt ${attempt} failed: ${String(error)}`);
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 20 * attempt));
    },
  ),
);

export const retries = dag(
  "retries",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "retries"],
    params: { failures: p.int({ default: 0, min: 0, max: 6, description: "Attempts of call_api that fail." }) },
  },
  ({ params }) => {
    callApi({ failures: params.failures });
    flakyCall();
  },
);
