/**
 * @module How attempts become messages, and messages `sendBatch` calls.
 */
import { attemptShipments, type QueuedAttempt, sendNotices } from "../../../../src/cloudflare/task-queue/producer.ts";
import { expect, test } from "vitest";
import type { Env } from "../../../../src/cloudflare/env.ts";
import { queueBinding } from "../../../../src/cloudflare/task-queue/queue-binding.ts";
import type { TaskMessage } from "../../../../src/model/task-message.ts";

const run = { dagId: "dag", runId: "run", incarnation: "inc" };
const batches: (readonly TaskMessage[])[] = [];
const queue = {
  sendBatch: async (messages: Iterable<{ readonly body: TaskMessage }>): Promise<void> => {
    batches.push([...messages].map(({ body }) => body));
  },
};

function envWith(...names: readonly string[]): Env {
  return Object.fromEntries(["TASK_QUEUE", "ISOLATE_QUEUE", ...names].map((name) => [name, queue])) as unknown as Env;
}

function attempts(count: number, over: Partial<QueuedAttempt> = {}): QueuedAttempt[] {
  return Array.from({ length: count }, (_, ord) => ({
    ord,
    token: `inc:${ord}:1`,
    queue: "default",
    isolate: false,
    packable: false,
    ...over,
  }));
}

test.each([
  ["100 messages in one call", attempts(100), [100]],
  ["101 messages in two calls", attempts(101), [100, 1]],
  ["known-short ones ten to a message", attempts(1_000, { packable: true }), [100]],
  [
    "long ids: no call above 256 kB",
    attempts(100, { token: "t".repeat(9_000) }),
    [11, 11, 11, 11, 11, 11, 11, 11, 11, 1],
  ],
])("%s", (_name, given, sizes) => {
  const { shipments } = attemptShipments(envWith(), run, given);
  expect(shipments.map((shipment) => shipment.messages.length)).toEqual(sizes);
  expect(shipments.flatMap((shipment) => shipment.ords).toSorted((a, b) => a - b)).toEqual(
    given.map((attempt) => attempt.ord),
  );
});

test("the key of a message is the same on every repeat and another for another attempt", () => {
  const keys = (): string[] =>
    attemptShipments(envWith(), run, attempts(2)).shipments.flatMap(({ messages }) => messages.map(({ key }) => key));
  expect(keys()).toEqual(keys());
  expect(new Set(keys()).size).toBe(2);
});

test("a named queue without binding is no other queue's", () => {
  const { shipments, unroutable } = attemptShipments(envWith(), run, attempts(1, { queue: "gpu" }));
  expect([shipments, unroutable.length]).toEqual([[], 1]);
  expect(attemptShipments(envWith("TASK_QUEUE_GPU"), run, attempts(1, { queue: "gpu" })).unroutable).toEqual([]);
});

test("runs spread over the shards that are bound, and each stays with one", () => {
  const env = envWith("TASK_QUEUE_SHARD_1", "TASK_QUEUE_SHARD_2");
  const shardOf = (i: number): string =>
    queueBinding(env, `dag/run-${i}`, { queue: "default", isolate: false })?.name ?? "";
  const names = Array.from({ length: 300 }, (_, i) => shardOf(i));
  for (const name of ["TASK_QUEUE", "TASK_QUEUE_SHARD_1", "TASK_QUEUE_SHARD_2"])
    expect(names.filter((one) => one === name).length).toBeGreaterThan(50);
  expect(names).toEqual(Array.from({ length: 300 }, (_, i) => shardOf(i)));
});

test("callbacks with huge errors still fit into messages and calls", async () => {
  batches.length = 0;
  const error = { code: "E", message: "m".repeat(1_000_000), stack: "s".repeat(1_000_000) };
  const commands = Array.from({ length: 60 }, (_, i) => ({
    kind: "task-callback" as const,
    id: `c${i}`,
    callback: "failure" as const,
    ord: i,
    taskId: "t",
    mapIndex: -1,
    tryNumber: 1,
    error,
    reason: null,
  }));
  expect(await sendNotices(envWith(), run, commands)).toBe(60);
  expect(batches.flat().length).toBe(60);
  expect(Math.max(...batches.map((batch) => JSON.stringify(batch).length))).toBeLessThan(256_000);
  expect(Math.max(...batches.flat().map((message) => JSON.stringify(message).length))).toBeLessThan(128_000);
});
