/**
 * @module Work on many DAGs, shared out by messages: a page is one message and, on the queue of isolated messages, one invocation, so that no invocation
 * speaks to more objects than the platform allows it subrequests.
 */
import type { DagId } from "../model/ids.ts";
import { MESSAGE_VERSION } from "../model/task-message.ts";
import type { TaskMessage } from "../model/task-message.ts";
import type { Env } from "./env.ts";

/** DAGs per message: some 25 kB at the longest ids, and a fifth of an invocation's subrequests. */
const PER_MESSAGE = 100;
/** Characters and messages of one `sendBatch` call: the platform's limits are 256 kB and 100. */
const BATCH_CHARACTERS_MAX = 200_000;
const BATCH_MESSAGES_MAX = 100;
/** Objects spoken to at the same time: the platform lets six connections wait for headers. */
const PARALLEL = 6;

type Page = Extract<TaskMessage, { readonly dagIds: readonly DagId[] }>;
type PageOrder = Page extends infer One ? (One extends Page ? Omit<One, "v" | "key" | "dagIds"> : never) : never;

/** Sends the DAGs out in pages. Fails when the queue does; then all may be sent again. */
export async function sendDagPages(env: Env, dagIds: readonly DagId[], key: string, order: PageOrder): Promise<void> {
  let batch: { body: TaskMessage }[] = [];
  let characters = 0;
  for (let start = 0; start < dagIds.length; start += PER_MESSAGE) {
    const page = dagIds.slice(start, start + PER_MESSAGE);
    const length = JSON.stringify(page).length;
    if (batch.length >= BATCH_MESSAGES_MAX || (batch.length > 0 && characters + length > BATCH_CHARACTERS_MAX)) {
      // A batch has a size limit; two at once gain nothing.
      // oxlint-disable-next-line no-await-in-loop
      await env.ISOLATE_QUEUE.sendBatch(batch);
      batch = [];
      characters = 0;
    }
    batch.push({ body: { v: MESSAGE_VERSION, key: `${key}:${start}`, dagIds: page, ...order } });
    characters += length;
  }
  if (batch.length > 0) await env.ISOLATE_QUEUE.sendBatch(batch);
}

/** A few at a time. The first failure ends it and is thrown: who wants the others done all the same catches in `work`. */
export async function forEachDag<T>(items: readonly T[], work: (item: T) => Promise<void>): Promise<void> {
  const left = items.values();
  const worker = async (): Promise<void> => {
    for (const item of left) {
      // Bounded on purpose: PARALLEL workers share the items.
      // oxlint-disable-next-line no-await-in-loop
      await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(PARALLEL, items.length) }, worker));
}
