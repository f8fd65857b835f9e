/**
 * @module Starting and watching runs in the worker tests, at the objects of DAG and run: no API in between.
 */
import type { CreateDagRunAnswer, CreateRunRequest, DagRunApi } from "../../src/model/protocol.ts";
import type { HandOffOffer } from "../../src/model/event.ts";
import { dagIndex } from "./worker-dag-index.ts";
import { dagRunObjectName } from "../../src/model/ids.ts";
import { decode } from "../../src/lib/codec.ts";
import { env } from "cloudflare:workers";
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

/** Has the DAG's object make a run and creates it, as a trigger does; without an offer every attempt goes through the queue. */
export async function startRun(
  dagId: string,
  options: {
    readonly offer?: HandOffOffer;
    readonly longest?: Readonly<Record<string, number>>;
    readonly runId?: string;
  } = {},
): Promise<StartedRun> {
  const runId = options.runId ?? `run-${++runs}`;
  const made = await workerEnv.DAG.getByName(dagId).createRun(runRequest(dagId, runId));
  if (made.kind !== "created") throw new Error(`no run of ${dagId} was made: ${JSON.stringify(made)}`);
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId));
  const longest = options.longest ?? made.create.longest;
  const answer = await run.create({ ...made.create, longest, offer: options.offer ?? null });
  return { run, dagId, runId, incarnation: made.create.head.incarnation, answer };
}

/** What a manual trigger asks of the DAG's object. Sent twice it is one call. */
export function runRequest(dagId: string, runId: string): CreateRunRequest {
  return {
    callId: crypto.randomUUID(),
    specHash: dagIndex.dags[dagId]?.specHash ?? "",
    runId,
    runType: "manual",
    triggeredBy: "test",
    triggeringUser: null,
    logicalDate: null,
    dataInterval: null,
    runAfter: null,
    conf: {},
    note: null,
    backfillId: null,
    returnExisting: false,
  };
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
