/**
 * @module From claimed or handed-off attempts to their reports: load the DAG's code, run the driver within what the invocation may use up.
 */
import { AttemptMetrics } from "../metrics/attempt-metrics.ts";
import type { AttemptBatch } from "../../model/protocol.ts";
import type { AttemptsMessage } from "./read-message.ts";
import { callWithRetry } from "../../runtime/call-retry.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import { driveBatch } from "../../runtime/driver.ts";
import type { DriverLimits } from "../../runtime/driver.ts";
import type { Env } from "../env.ts";
import { errorInfo } from "../../model/error.ts";
import type { ExecutableDag } from "../../dag/executable-dag.ts";
import { InvocationBudget } from "../../runtime/budgets.ts";
import { loadDag } from "../../dag/dag-registry.ts";
import { runtimePorts } from "./runtime-ports.ts";

/** An attempt is taken only if it can end by then: the platform stops a queue handler after 15 minutes, work behind an HTTP answer after 30 s. */
const DEADLINE_MS = { queue: 600_000, http: 20_000 } as const;
/** Attempts of one run side by side in one invocation; the others of its batch wait their turn under the same heartbeat. */
const ROOM = 100;
/** How long a claim or a report of broken code is tried before the message goes back or the leases decide. */
const GIVE_UP_MS = 10_000;

/** One invocation of the Worker as far as it drives attempts. */
export interface Invocation extends DriverLimits {
  readonly env: Env;
  readonly index: DagIndex;
}

/** `handOff`: whether answers may hand over further attempts; the setting of the deployment can only turn it off. */
export function newInvocation(env: Env, index: DagIndex, driver: DriverLimits["driver"], handOff: boolean): Invocation {
  return {
    env,
    index,
    driver,
    deadlineAt: Date.now() + DEADLINE_MS[driver],
    room: ROOM,
    budget: new InvocationBudget(env.AIRFLARE_PLAN === "free" ? "free" : "paid"),
    handOff: handOff && env.AIRFLARE_HAND_OFF !== "0",
  };
}

/**
 * Claims all attempts of messages of one run in one call. Null when they are stale, as after a second delivery. Throws when the run's object does not
 * answer: nothing was started. The call id is this delivery's own: another delivery of the same message must not get the same attempts.
 */
export async function claimAttempts(
  { env, index, budget }: Invocation,
  messages: readonly AttemptsMessage[],
): Promise<AttemptBatch | null> {
  const [first] = messages;
  if (first === undefined) return null;
  const ports = runtimePorts(env, index, first.dagId, first.runId);
  const request = {
    callId: ports.randomId(),
    incarnation: first.incarnation,
    tokens: messages.flatMap((message) => message.tokens),
  };
  budget.spendSubrequest();
  const { batch } = await callWithRetry(() => ports.run.claim(request), ports, GIVE_UP_MS);
  return batch;
}

/** Runs a batch to its end. Never throws: what could not be reported comes back by its lease. */
export async function driveClaimed(batch: AttemptBatch, invocation: Invocation): Promise<void> {
  const { env, index } = invocation;
  const { dagId, runId } = batch.head;
  const measured = new AttemptMetrics(env, dagId, runId);
  const ports = runtimePorts(env, index, dagId, runId, measured);
  let dag: ExecutableDag;
  try {
    dag = await loadDag(index, dagId);
  } catch (error) {
    return failAll(batch, ports, error);
  }
  await driveBatch(batch, dag, ports, invocation);
  await measured.flush();
}

/** Drives what an answer handed to an HTTP request, behind its answer; the promise is for callers that answer with the result. */
export function driveFromHttp(
  env: Env,
  ctx: Pick<ExecutionContext, "waitUntil">,
  index: DagIndex,
  batch: AttemptBatch,
): Promise<void> {
  const done = driveClaimed(batch, newInvocation(env, index, "http", true));
  ctx.waitUntil(done);
  return done;
}

/** The offer of an HTTP request that creates a run: what it takes along, it drives with `driveFromHttp`. */
export function httpOffer(now: number): {
  readonly room: number;
  readonly deadlineAt: number;
  readonly driver: "http";
} {
  return { room: ROOM, deadlineAt: now + DEADLINE_MS.http, driver: "http" };
}

/** The code does not load: the attempts fail with that reason; a retry may find a repaired deploy. */
async function failAll(batch: AttemptBatch, ports: ReturnType<typeof runtimePorts>, error: unknown): Promise<void> {
  const now = ports.now();
  const request = {
    callId: ports.randomId(),
    incarnation: batch.head.incarnation,
    offer: null,
    reports: batch.attempts.map(({ token }) => ({
      token,
      outcome: { kind: "failed", error: errorInfo(error), retry: true } as const,
      startedAt: now,
      endedAt: now,
    })),
  };
  await callWithRetry(() => ports.run.report(request), ports, GIVE_UP_MS).catch((failure: unknown) => {
    console.error(
      `airflare: run ${batch.head.runId} of DAG ${batch.head.dagId} took no report; its leases decide:`,
      failure,
    );
  });
}
