/**
 * @module Turns queued attempts and callbacks of one run into queue messages, and messages into `sendBatch` calls within the platform's limits.
 */
import type { DagId, Incarnation, RunId } from "../../model/ids.ts";
import { ATTEMPTS_PER_MESSAGE_MAX, MESSAGE_VERSION } from "../../model/task-message.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { Notice } from "../../model/notice.ts";
import { taskOfNotice } from "../../model/notice.ts";
import type { Env, MessageQueue } from "../env.ts";
import type { TaskMessage } from "../../model/task-message.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import { boundedError } from "../dag-run/bounded-error.ts";
import { DEFAULT_QUEUE, queueBinding } from "./queue-binding.ts";

/** Messages of one `sendBatch` call. */
const BATCH_MESSAGES_MAX = 100;
/** Characters of one `sendBatch` call: 256 kB less what the platform adds to each message; ids are mostly ASCII. */
const BATCH_CHARACTERS_MAX = 200_000;

/** Characters of an error's message and stack in a callback's message. */
const ERROR_CHARACTERS_MAX = 8_000;

export interface RunAddress {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly incarnation: Incarnation;
}

/** A queued attempt as far as its way matters. */
export interface QueuedAttempt {
  readonly ord: number;
  readonly token: AttemptToken;
  readonly queue: string;
  readonly isolate: boolean;
  /** May share a message with others: known short and not a mate of a lost message. */
  readonly packable: boolean;
}

/** One `sendBatch` call, and the instances it dispatches. */
export interface Shipment {
  readonly queue: MessageQueue;
  readonly messages: readonly TaskMessage[];
  readonly ords: readonly number[];
}

/** The calls that dispatch `attempts`, and those whose queue has no binding. */
export function attemptShipments(
  env: Env,
  run: RunAddress,
  attempts: readonly QueuedAttempt[],
): { readonly shipments: readonly Shipment[]; readonly unroutable: readonly QueuedAttempt[] } {
  const unroutable: QueuedAttempt[] = [];
  const byQueue = new Map<string, { queue: MessageQueue; attempts: QueuedAttempt[] }>();
  for (const attempt of attempts) {
    const binding = queueBinding(env, dagRunObjectName(run.dagId, run.runId), attempt);
    if (binding === undefined) {
      unroutable.push(attempt);
      continue;
    }
    const group = byQueue.get(binding.name) ?? { queue: binding.queue, attempts: [] };
    group.attempts.push(attempt);
    byQueue.set(binding.name, group);
  }
  const shipments = [...byQueue.values()].flatMap((group) => shipmentsOf(group.queue, run, group.attempts));
  return { shipments, unroutable };
}

/** Has notices carried out. A message's key is its notice's id, the same on every repeat. Fails when the queue does; then all may be repeated. */
export async function sendNotices(env: Env, run: RunAddress, commands: readonly Notice[]): Promise<number> {
  const runKey = dagRunObjectName(run.dagId, run.runId);
  const queue = queueBinding(env, runKey, { queue: DEFAULT_QUEUE, isolate: false })?.queue ?? env.TASK_QUEUE;
  const messages = commands.map((command) => callbackMessage(run, command));
  for (const batch of batchesOf(messages, (message) => message)) await queue.sendBatch(batch.map((body) => ({ body })));
  return messages.length;
}

function callbackMessage(run: RunAddress, command: Notice): TaskMessage {
  const { dagId, runId, incarnation } = run;
  const taskId = taskOfNotice(command)?.taskId ?? null;
  const key = `callback:${command.id}`;
  return { v: MESSAGE_VERSION, kind: "callback", key, dagId, runId, incarnation, taskId, command: bounded(command) };
}

/** A message holds 128 kB: of a long error the callback sees the beginning. */
function bounded(notice: Notice): Notice {
  if (!("error" in notice) || notice.error === null) return notice;
  return { ...notice, error: boundedError(notice.error, ERROR_CHARACTERS_MAX) };
}

function shipmentsOf(queue: MessageQueue, run: RunAddress, attempts: readonly QueuedAttempt[]): Shipment[] {
  const orders = packs(attempts).map((packed) => ({
    message: attemptsMessage(run, packed),
    ords: packed.map((attempt) => attempt.ord),
  }));
  return batchesOf(orders, (order) => order.message).map((batch) => ({
    queue,
    messages: batch.map((order) => order.message),
    ords: batch.flatMap((order) => order.ords),
  }));
}

function batchesOf<T>(items: readonly T[], messageOf: (item: T) => TaskMessage): T[][] {
  const batches: T[][] = [];
  let current: T[] = [];
  let characters = 0;
  for (const item of items) {
    const length = JSON.stringify(messageOf(item)).length;
    if (current.length >= BATCH_MESSAGES_MAX || (current.length > 0 && characters + length > BATCH_CHARACTERS_MAX)) {
      batches.push(current);
      current = [];
      characters = 0;
    }
    current.push(item);
    characters += length;
  }
  return current.length === 0 ? batches : [...batches, current];
}

function packs(attempts: readonly QueuedAttempt[]): QueuedAttempt[][] {
  const packable = attempts.filter((attempt) => attempt.packable);
  const packed: QueuedAttempt[][] = [];
  for (let i = 0; i < packable.length; i += ATTEMPTS_PER_MESSAGE_MAX)
    packed.push(packable.slice(i, i + ATTEMPTS_PER_MESSAGE_MAX));
  return [...packed, ...attempts.filter((attempt) => !attempt.packable).map((attempt) => [attempt])];
}

function attemptsMessage(run: RunAddress, attempts: readonly QueuedAttempt[]): TaskMessage {
  const { dagId, runId, incarnation } = run;
  const tokens = attempts.map((attempt) => attempt.token);
  return {
    v: MESSAGE_VERSION,
    kind: "attempts",
    key: `attempts:${tokens[0] ?? ""}`,
    dagId,
    runId,
    incarnation,
    tokens,
  };
}
