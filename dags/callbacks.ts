/**
 * @module Failure callbacks: what is told when a task fails for good, is tried again, or succeeds; and when the whole run ends.
 */
import { AirflowFailException, type CallbackContext, dag, p, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

/** Sends an alert when a task failed for good. */
export function onFailure(
  context: Pick<CallbackContext, "taskInstance" | "dag" | "executionDate" | "exception" | "log">,
) {
  const { taskInstance, dag: owner, executionDate, exception } = context;
  context.log.error(
    `Task ${owner.dagId}.${taskInstance.taskId} failed at ${executionDate.toISOString()}: ${exception?.message}`,
  );
}

/** Says that there will be another attempt. */
export function onRetry(context: Pick<CallbackContext, "ti" | "exception" | "log">) {
  context.log.warn(`Retrying task after failure of attempt ${context.ti.tryNumber}: ${context.exception?.message}`);
}

export function onSuccess(context: Pick<CallbackContext, "ti" | "log">) {
  context.log.info(`Task completed successfully in attempt ${context.ti.tryNumber}`);
}

const importCustomers = task(
  "import_customers",
  {
    retries: 2,
    retryDelay: "1s",
    onFailureCallback: onFailure,
    onRetryCallback: onRetry,
    onSuccessCallback: onSuccess,
  },
  async ({ outcome }: { outcome: "success" | "retry" | "failure" }, { executionDate, ti }) => {
    if (outcome === "failure") throw new AirflowFailException("the source has no such table");
    if (outcome === "retry" && ti.tryNumber === 1) throw new Error("the source did not answer");
    return customersOf(executionDate, 50).length;
  },
);

export const callbacks = dag(
  "callbacks",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "callbacks"],
    params: { outcome: p.oneOf(["success", "retry", "failure"], { default: "success" }) },
    onSuccessCallback: ({ dagRun, log }) => log.info(`run ${dagRun.runId} succeeded`),
    onFailureCallback: ({ dagRun, log, reason }) => log.error(`run ${dagRun.runId} failed: ${reason}`),
  },
  ({ params }) => {
    importCustomers({ outcome: params.outcome });
  },
);
