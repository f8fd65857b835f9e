/**
 * @module Our own consumer of the dead-letter queue: what the task queues gave up is reported to its run, which sends lost attempts again or, after
 * several losses, fails the try with `worker_lost`.
 */
import { dagRunObjectName } from "../../model/ids.ts";
import type { Env } from "../env.ts";
import { readTaskMessage } from "./read-message.ts";

/** The run's object does not answer: looked at again, for as long as the queue keeps the message. */
const RETRY_SECONDS = 60;

/** By the name the deployment gives it: `<worker>-dead-letter`. */
export function isDeadLetterQueue(queue: string): boolean {
  return queue.endsWith("-dead-letter");
}

export async function handleDeadLetters(batch: MessageBatch, env: Env): Promise<void> {
  await Promise.all(
    batch.messages.map(async (message) => {
      try {
        await handleDeadLetter(message, env);
        message.ack();
      } catch (error) {
        console.error("airflare: a dead letter could not be reported to its run and is kept:", error);
        message.retry({ delaySeconds: RETRY_SECONDS });
      }
    }),
  );
}

async function handleDeadLetter(message: Message, env: Env): Promise<void> {
  const body = readTaskMessage(message.body);
  if (body?.kind !== "attempts") {
    // Nothing in a run waits for it: a callback that failed every time, or a message of a version that was rolled back.
    console.error("airflare: a queue message was given up:", JSON.stringify(message.body)?.slice(0, 2_000));
    return;
  }
  const run = env.DAG_RUN.getByName(dagRunObjectName(body.dagId, body.runId));
  if ((await run.readHead())?.incarnation !== body.incarnation) return;
  const reason = `The task queue gave the attempt's message up after ${message.attempts} deliveries.`;
  await run.command({ callId: `dead-letter:${message.id}`, command: { kind: "lost", tokens: body.tokens, reason } });
}
