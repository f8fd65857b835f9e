/**
 * @module Starting and watching runs in the worker tests, straight at the run's object: no API, no DAG object in between.
 */
import type { CreateDagRunAnswer, DagRunApi } from "../../src/model/protocol.ts";
import type { HandOffOffer } from "../../src/model/event.ts";
import { aDagRunHead } from "./spec-builders.ts";
import { dagIndex } from "./worker-dag-index.ts";
import { dagRunObjectName } from "../../src/model/ids.ts";
import { decode } from "../../src/lib/codec.ts";
import { env } from "cloudflare:workers";
import { loadDag } from "../../src/dag/dag-registry.ts";
import type { Env } from "../../src/cloudflare/env.ts";

export const workerEnv = env as unknown as Env;

export interface StartedRun {
  readonly run: DagRunApi;
  readonly dagId: string;
  readonly runId: string;
  readonly incarnation: string;
  readonly answer: CreateDagRunAnswer;
}

let runs = 0;

/** Creates and starts a run; without an offer every attempt goes through the queue. */
export async function startRun(
  dagId: string,
  options: {
    offer?: HandOffOffer;
    longest?: Record<string, number>;
    runId?: string;
    conf?: Record<string, unknown>;
  } = {},
): Promise<StartedRun> {
  const { spec } = await loadDag(dagIndex, dagId);
  const runId = options.runId ?? `run-${++runs}`;
  const incarnation = `inc-${runId}`;
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  const now = Date.now();
  const head = aDagRunHead({ dagId, runId, incarnation, lastNow: now, queuedAt: now, conf: options.conf ?? {} });
  const answer = await run.create({
    head,
    spec,
    longest: options.longest ?? {},
    start: true,
    offer: options.offer ?? null,
  });
  return { run, dagId, runId, incarnation, answer };
}

/** State by task, `task[map]` for mapped ones. */
export async function statesOf(run: DagRunApi): Promise<Record<string, string>> {
  const { views } = await run.readTaskInstances({ offset: 0, limit: 1_000 });
  return Object.fromEntries(
    views.map((view) => [view.mapIndex < 0 ? view.taskId : `${view.taskId}[${view.mapIndex}]`, view.state]),
  );
}

/** The inline value a task returned. */
export async function resultOf(run: DagRunApi, taskId: string): Promise<unknown> {
  const { entries } = await run.readXComs({ taskIds: [taskId], key: "return_value", limit: 10 });
  const value = entries[0]?.value;
  return value?.in === "inline" ? decode(value.text) : value;
}
