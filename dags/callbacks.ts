/**
 * @module Failure callbacks: what is told when a task fails for good, is tried again, or succeeds; and when the whole run ends.
 */
import { AirflowFailException, type CallbackContext, dag, p, SlackHook, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

/** To the log, and to Slack once the variable `alert_channel` is set to `slack` and the connection `slack` exists. */
async function sendAlert(context: Pick<CallbackContext, "log" | "variables" | "hook">, text: string) {
  context.log.error(text);
  const channel: unknown = await context.variables.get("alert_channel", { default: "log" });
  if (channel === "slack") await (await context.hook(SlackHook, "slack")).send({ text });
}

/** Sends an alert when a task failed for good. */
export async function onFailure(
  context: Pick<CallbackContext, "taskInstance" | "dag" | "executionDate" | "exception" | "log" | "variables" | "hook">,
) {
  const { taskInstance, dag: owner, executionDate, exception } = context;
  await sendAlert(
    context,
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
    email: "alerts@example.com",
    emailOnRetry: false,
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
