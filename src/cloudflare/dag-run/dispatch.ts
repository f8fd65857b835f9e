/**
 * @module Sends queued attempts through the task queues. A queued instance is its own dispatch order: what is sent is read from the run, not from an outbox.
 */
import { attemptShipments, type QueuedAttempt } from "../task-queue/producer.ts";
import type { AttemptReport } from "../../model/outcome.ts";
import type { Env } from "../env.ts";
import { isKnownShort } from "../../engine/dag-run/dispatch.ts";
import type { LiveRun } from "./live-run.ts";
import { TaskInstanceFlag } from "../../model/task-instance.ts";
import { namedBinding } from "../task-queue/queue-binding.ts";
import { tokenOf } from "./claims.ts";

/**
 * Sends a message for every unsent instance that is still queued. Throws at the first queue that refuses; what was sent before stays sent.
 * Answers the attempts whose queue has no binding: they can never be carried.
 */
export async function sendUnsent(env: Env, live: LiveRun): Promise<readonly QueuedAttempt[]> {
  const { shipments, unroutable } = attemptShipments(env, live.run.head, unsentAttempts(live));
  for (const { queue, messages, ords } of shipments) {
    await queue.sendBatch(messages.map((body) => ({ body })));
    for (const ord of ords) live.unsent.delete(ord);
    const { usage } = live.book;
    live.book.usage = { ...usage, queueMessages: usage.queueMessages + messages.length };
  }
  for (const { ord } of unroutable) live.unsent.delete(ord);
  return unroutable;
}

/** The report that fails an attempt nobody can carry, so that the author sees why. */
export function unroutableReport(attempt: QueuedAttempt, now: number): AttemptReport {
  const message = `The task's queue "${attempt.queue}" is not bound: add a queue producer with the binding ${namedBinding(attempt.queue)} and its consumer to wrangler.toml.`;
  return {
    token: attempt.token,
    outcome: { kind: "failed", error: { code: "queue_not_bound", message }, retry: false },
    startedAt: now,
    endedAt: now,
  };
}

function unsentAttempts(live: LiveRun): QueuedAttempt[] {
  const { run, unsent } = live;
  const attempts: QueuedAttempt[] = [];
  for (const ord of unsent) {
    const instance = run.instances[ord];
    const task = instance === undefined ? undefined : run.spec.tasks[instance.task];
    if (instance === undefined || task === undefined || instance.state !== "queued") {
      unsent.delete(ord);
      continue;
    }
    const alone = task.isolate || (instance.flags & TaskInstanceFlag.SEND_ALONE) !== 0;
    attempts.push({
      ord,
      token: tokenOf(live, ord),
      queue: task.queue,
      isolate: task.isolate,
      packable: isKnownShort(run, task) && !alone,
    });
  }
  return attempts;
}
