/**
 * @module The queue handler when objects do not answer, and how long it stays with its attempts.
 */
import { expect, test } from "vitest";
import { aDagRunHead } from "../../../support/spec-builders.ts";
import type { AttemptBatch } from "../../../../src/model/protocol.ts";
import type { DagIndex } from "../../../../src/dag/dag-index.ts";
import type { Env } from "../../../../src/cloudflare/env.ts";
import { handleQueue } from "../../../../src/cloudflare/task-queue/consumer.ts";
import { MESSAGE_VERSION } from "../../../../src/model/task-message.ts";

const index: DagIndex = { bundleHash: "none", dags: {}, files: {}, importErrors: [], sources: {} };

interface Delivered {
  readonly log: string[];
  readonly batch: MessageBatch;
}

function delivered(queue: string, runIds: readonly string[], attempts = 1): Delivered {
  const log: string[] = [];
  const messages = runIds.map((runId, i) => ({
    id: String(i),
    timestamp: new Date(0),
    attempts,
    body: {
      v: MESSAGE_VERSION,
      kind: "attempts",
      key: "k",
      dagId: "dag",
      runId,
      incarnation: "inc",
      tokens: [`inc:${i}:1`],
    },
    ack: () => log.push(`ack ${runId}`),
    retry: (options?: QueueRetryOptions) => log.push(`retry ${runId} in ${options?.delaySeconds} s`),
  }));
  const batch = { queue, messages, ackAll: () => {}, retryAll: () => {}, metadata: {} } as unknown as MessageBatch;
  return { log, batch };
}

function envWith(run: (name: string) => unknown, vars: Partial<Env> = {}): Env {
  return { DAG_RUN: { getByName: run }, OBJECTS: {}, ...vars } as unknown as Env;
}

const ctx = { waitUntil: () => {} };

test("a run's object that does not answer gets its messages back later, each delivery later, and no other run's", async () => {
  const env = envWith((name) => ({
    claim: async () => {
      if (name.endsWith("/down")) throw new Error("object is down");
      return { batch: null, stale: [] };
    },
  }));
  const first = delivered("airflare-tasks", ["down", "up", "down"]);
  await handleQueue(first.batch, env, ctx, index);
  expect(first.log.toSorted()).toEqual(["ack up", "retry down in 2 s", "retry down in 2 s"]);
  const fifth = delivered("airflare-tasks", ["down"], 5);
  await handleQueue(fifth.batch, env, ctx, index);
  expect(fifth.log).toEqual(["retry down in 32 s"]);
});

test("messages of one run are claimed in one call", async () => {
  const claims: string[] = [];
  const env = envWith((name) => ({
    claim: async ({ tokens }: { tokens: readonly string[] }) => {
      claims.push(`${name} ${tokens.join(" ")}`);
      return { batch: null, stale: tokens };
    },
  }));
  await handleQueue(delivered("airflare-tasks", ["a", "b", "a"]).batch, env, ctx, index);
  expect(claims.toSorted()).toEqual(["dag/a inc:0:1 inc:2:1", "dag/b inc:1:1"]);
});

test.each([
  ["0", ["claimed", "returned", "reported"]],
  ["840", ["claimed", "reported", "returned"]],
])("with a hold of %s seconds the handler stays accordingly", async (hold, order) => {
  const log: string[] = [];
  let finish: () => void = () => {};
  const reported = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const batch = {
    head: aDagRunHead({ dagId: "dag" }),
    attempts: [{ token: "inc:0:1" }],
  } as unknown as AttemptBatch;
  const run = {
    claim: async () => {
      log.push("claimed");
      return { batch, stale: [] };
    },
    // The DAG is not in the index, so the attempt is reported as failed: that is the work behind the claim.
    report: async () => {
      await reported;
      log.push("reported");
      return { stale: [], next: null, runState: "failed" };
    },
  };
  let behind: Promise<unknown> = Promise.resolve();
  const handling = handleQueue(
    delivered("airflare-tasks", ["a"]).batch,
    envWith(() => run, { AIRFLARE_QUEUE_HOLD: hold }),
    { waitUntil: (work) => (behind = work) },
    index,
  ).then(() => log.push("returned"));
  if (hold === "0") await handling;
  finish();
  await Promise.all([handling, behind]);
  await behind;
  expect(log).toEqual(order);
});

test("a page of ticks in which a DAG failed comes again, after all its others were woken", async () => {
  const ticked: string[] = [];
  const object = (dagId: string) => ({
    tick: async (at: number) => {
      ticked.push(`${dagId} ${at}`);
      if (dagId === "b" && ticked.length < 4) throw new Error("too many open files");
      return { created: 0 };
    },
  });
  const env = { DAG: { getByName: object } } as unknown as Env;
  const page = { v: MESSAGE_VERSION, kind: "dag-tick-page", key: "k", scheduledAt: 60, dagIds: ["a", "b", "c"] };
  const { log, batch } = delivered("airflare-isolate", ["page"]);
  for (const message of batch.messages) Object.assign(message, { body: page });
  await handleQueue(batch, env, ctx, index);
  expect([ticked, log]).toEqual([["a 60", "b 60", "c 60"], ["retry page in 2 s"]]);
  await handleQueue(batch, env, ctx, index);
  expect(log).toEqual(["retry page in 2 s", "ack page"]);
});
