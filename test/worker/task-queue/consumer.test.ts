/**
 * @module The queue handler in real workerd: acknowledging one by one, messages it does not know, dead letters.
 */
import { createExecutionContext, createMessageBatch, getQueueResult } from "cloudflare:test";
import { expect, test } from "vitest";
import { startRun, statesOf, workerEnv } from "../../support/worker-runs.ts";
import { dagIndex } from "../../support/worker-dag-index.ts";
import { handleQueue } from "../../../src/cloudflare/task-queue/consumer.ts";
import { MESSAGE_VERSION } from "../../../src/model/task-message.ts";

interface Handled {
  readonly acked: readonly string[];
  readonly retried: readonly string[];
}

async function handle(queue: string, bodies: Readonly<Record<string, unknown>>): Promise<Handled> {
  const messages = Object.entries(bodies).map(([id, body]) => ({ id, timestamp: new Date(), attempts: 1, body }));
  const batch = createMessageBatch(queue, messages);
  const ctx = createExecutionContext();
  await handleQueue(batch, workerEnv, ctx, dagIndex);
  const { explicitAcks, retryMessages } = await getQueueResult(batch, ctx);
  return { acked: explicitAcks.toSorted(), retried: retryMessages.map((one) => one.msgId).toSorted() };
}

test("a bad message fails alone: its mates are acknowledged and run", async () => {
  const { run, dagId, runId, incarnation } = await startRun("etl", { longest: { extract: 1 } });
  const run404 = {
    v: MESSAGE_VERSION,
    kind: "attempts",
    key: "k",
    dagId,
    runId: "nobody",
    incarnation: "x",
    tokens: ["x:0:1"],
  };
  const handled = await handle("airflare-tasks", {
    poison: { hello: "world" },
    text: "text",
    newer: { v: MESSAGE_VERSION + 1, kind: "attempts", dagId, runId, incarnation, tokens: [] },
    unknown: { v: MESSAGE_VERSION, kind: "mirror", key: "k" },
    gone: run404,
  });
  expect(handled).toEqual({ acked: ["gone"], retried: ["newer", "poison", "text", "unknown"] });
  expect((await run.wait(10_000))?.state).toBe("success");
});

test("a message delivered twice starts its attempts once", async () => {
  const { run, dagId, runId, incarnation } = await startRun("etl");
  await run.wait(10_000);
  const message = {
    v: MESSAGE_VERSION,
    kind: "attempts",
    key: "k",
    dagId,
    runId,
    incarnation,
    tokens: [`${incarnation}:0:1`],
  };
  const before = await run.readHead();
  expect(await handle("airflare-tasks", { again: message })).toEqual({ acked: ["again"], retried: [] });
  expect((await run.readHead())?.seq).toBe(before?.seq);
});

test("a dead letter is reported to its run, which sends the attempt again in the same try", async () => {
  const offer = { room: 1, deadlineAt: Date.now() + 3_600_000, driver: "queue" } as const;
  const { run, dagId, runId, incarnation, answer } = await startRun("etl", { offer });
  const tokens = answer.next?.attempts.map((attempt) => attempt.token) ?? [];
  expect(tokens.length).toBe(1);
  const message = { v: MESSAGE_VERSION, kind: "attempts", key: "k", dagId, runId, incarnation, tokens };
  expect(await handle("airflare-dead-letter", { dead: message, rubbish: 1 })).toEqual({
    acked: ["dead", "rubbish"],
    retried: [],
  });
  expect((await run.wait(10_000))?.state).toBe("success");
  expect((await statesOf(run))["extract"]).toBe("success");
  const { views } = await run.readTaskInstances({ taskIds: ["extract"], offset: 0, limit: 1 });
  expect([views[0]?.tryNumber, views[0]?.losses]).toEqual([1, 1]);
});
