/**
 * @module The `queue()` handler: claims the attempts of a batch, acknowledges, runs them. Messages are acknowledged one by one, so that a bad one
 * never fails its mates.
 *
 * A message is done once its attempts are claimed: from then on leases and heartbeats watch over them, and the run's object sends a lost one again.
 * So the local queue, which hands out one batch at a time, goes on while long tasks run (docs/decisions/0002-queue-handlers-and-long-tasks.md).
 */
import { claimAttempts, driveClaimed, type Invocation, newInvocation } from "./drive.ts";
import { handleDeadLetters, isDeadLetterQueue } from "./dead-letter.ts";
import { consumeAssetEvent } from "./consume-asset-event.ts";
import { consumeTimetable } from "./consume-timetable.ts";
import { consumeCallback } from "./consume-callback.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import type { Env } from "../env.ts";
import { type AttemptsMessage, type DagTickPage, readTaskMessage } from "./read-message.ts";
import { tickDags } from "../dag/cron.ts";
import { bringInPage } from "../deploy-page.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import { sendTrace } from "../metrics/send-trace.ts";
import { keepDag } from "../upkeep/upkeep.ts";
import { sleep } from "./runtime-ports.ts";

/** A message this deploy does not understand may belong to a newer one that is rolling out. */
const UNKNOWN_RETRY_SECONDS = 30;
/** After an error of an object or of the platform: doubles with each delivery. */
const RETRY_SECONDS = 2;
const RETRY_SECONDS_MAX = 300;
/** How long a handler stays with its attempts when nothing is configured: with the 30 s of `waitUntil` below the platform's 15 minutes. */
const HOLD_SECONDS = 840;

/** Handles one batch. It settles when the queue may hand out the next one; what still runs then is in `waitUntil`. */
export async function handleQueue(
  batch: MessageBatch,
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  index: DagIndex,
): Promise<void> {
  if (isDeadLetterQueue(batch.queue)) return handleDeadLetters(batch, env);
  const invocation = newInvocation(env, index, "queue", takesHandOffs(batch.queue));
  const driving: Promise<void>[] = [];
  const claiming = [...byRun(batch.messages)].map(([messages, bodies]) =>
    acknowledge(messages, async () => {
      const claimed = await claimAttempts(invocation, bodies);
      if (claimed !== null) driving.push(driveClaimed(claimed, invocation));
    }),
  );
  const others = batch.messages.map((message) => consumeOther(message, invocation));
  await Promise.all([...claiming, ...others]);

  const done = Promise.all(driving);
  // Deployed, the handler stays; locally it returns at once, and the attempts go on here.
  ctx.waitUntil(done);
  const hold = new AbortController();
  await Promise.race([done, sleep(holdMs(env), hold.signal)]);
  hold.abort();
}

/** All messages but attempts; those are claimed together. */
async function consumeOther(message: Message, { env, index }: Invocation): Promise<void> {
  const body = readTaskMessage(message.body);
  switch (body?.kind) {
    case "attempts":
      return;
    case "callback":
      return acknowledge([message], () => consumeCallback(body, env, index));
    case "trace":
      return acknowledge([message], () => sendTrace(body, env));
    case "dag-tick-page":
      return acknowledge([message], () => tickPage(env, body));
    case "asset-event":
      return acknowledge([message], () => consumeAssetEvent(env, body.uri, body.dagIds));
    case "deploy-page":
      return acknowledge([message], () => bringInPage(env, index, body));
    case "timetable":
      return acknowledge([message], () => consumeTimetable(body.order, env, index));
    case "retention-page":
      return acknowledge([message], () => keepDag(env, body.dagId));
    default:
      message.retry({ delaySeconds: UNKNOWN_RETRY_SECONDS });
  }
}

/** A page in which a DAG failed comes again: those that were woken know, and do nothing twice. */
async function tickPage(env: Env, { dagIds, scheduledAt }: DagTickPage): Promise<void> {
  const { failed } = await tickDags(env, dagIds, scheduledAt);
  if (failed > 0) throw new Error(`${failed} of ${dagIds.length} DAGs were not woken`);
}

/** Acknowledges when `work` is done; an error puts exactly these messages back, until the queue gives them to the dead-letter queue. */
async function acknowledge(messages: readonly Message[], work: () => Promise<void>): Promise<void> {
  try {
    await work();
    for (const message of messages) message.ack();
  } catch (error) {
    console.error("airflare: queue messages failed and are delivered again:", error);
    for (const message of messages)
      message.retry({ delaySeconds: Math.min(RETRY_SECONDS_MAX, RETRY_SECONDS * 2 ** (message.attempts - 1)) });
  }
}

/** Messages with attempts, those of one run together: they are claimed in one call. */
function byRun(messages: readonly Message[]): Iterable<[Message[], AttemptsMessage[]]> {
  const groups = new Map<string, [Message[], AttemptsMessage[]]>();
  for (const message of messages) {
    const body = readTaskMessage(message.body);
    if (body?.kind !== "attempts") continue;
    const name = `${dagRunObjectName(body.dagId, body.runId)}/${body.incarnation}`;
    const group = groups.get(name) ?? [[], []];
    group[0].push(message);
    group[1].push(body);
    groups.set(name, group);
  }
  return groups.values();
}

/** Only consumers of the default queue take further attempts along: an isolated attempt has its invocation for itself, a named queue its own Worker. */
function takesHandOffs(queue: string): boolean {
  return /-tasks(-\d+)?$/.test(queue);
}

function holdMs(env: Env): number {
  const seconds = Number(env.AIRFLARE_QUEUE_HOLD ?? HOLD_SECONDS);
  return (Number.isFinite(seconds) ? seconds : HOLD_SECONDS) * 1000;
}
