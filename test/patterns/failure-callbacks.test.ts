/**
 * @module Pattern "Failure Callbacks": which callback is called when, and what its context says.
 */
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "vitest";
import { callbacks, onFailure } from "../../dags/callbacks.ts";
import { testContext, testDag } from "airflare/testing";

test("the failure callback is called once, after the final failure, with DAG, task, date and exception", async () => {
  const run = await testDag(callbacks, {
    params: { outcome: "failure" },
    logicalDate: new Date("2026-01-02T00:00:00Z"),
  });
  expect(run.state).toBe("failed");
  expect(messages(run.log)).toEqual([
    "Task callbacks.import_customers failed at 2026-01-02T00:00:00.000Z: the source has no such table",
    `run ${run.runId} failed: task_failure`,
  ]);
});

test("the retry callback comes before the next attempt, the success callback after it", async () => {
  const run = await testDag(callbacks, { params: { outcome: "retry" } });
  expect(messages(run.log)).toEqual([
    "Retrying task after failure of attempt 1: the source did not answer",
    "Task completed successfully in attempt 2",
    `run ${run.runId} succeeded`,
  ]);
});

test("the failure callback sends an alert to Slack when the project has one", async () => {
  const bodies: string[] = [];
  const server = createServer((request, response) => {
    request.on("data", (chunk) => bodies.push(String(chunk)));
    request.on("end", () => response.end("ok"));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const run = await testDag(callbacks, {
    params: { outcome: "failure" },
    variables: { alert_channel: "slack" },
    connections: { slack: { connType: "http", host: `http://127.0.0.1:${port}` } },
  });
  server.close();
  expect(run.state).toBe("failed");
  expect(bodies.map((body) => JSON.parse(body) as object)).toEqual([
    { text: expect.stringMatching(/^Task callbacks.import_customers failed at .*: the source has no such table$/) },
  ]);
});

test("a callback is a plain function of its context", async () => {
  const lines: string[] = [];
  const log = { ...testContext().log, error: (message: string) => lines.push(message) };
  await onFailure({ ...testContext(), log, exception: new Error("no") });
  expect(lines).toHaveLength(1);
});

/** All lines but the exception itself, which the attempt logs. */
function messages(log: readonly { readonly message: string }[]): string[] {
  return log.map(({ message }) => message).filter((message) => !message.startsWith("Task failed with exception"));
}
