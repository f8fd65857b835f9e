/**
 * @module A run of another DAG, on behalf of a task: the DAG's object makes it, the run's object takes it over. Its first attempts go through the queue.
 */
import type { TriggeredRun, TriggerOrder } from "../../dag/outside.ts";
import type { DagIndex } from "../../dag/dag-index.ts";
import { loadDag } from "../../dag/dag-registry.ts";
import { AirflareError } from "../../model/error.ts";
import { dagRunObjectName } from "../../model/ids.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { CreateRunRequest } from "../../model/protocol.ts";
import { askDag, refusedError } from "../../runtime/ask-dag.ts";
import type { Env } from "../env.ts";

/** Throws `dag_not_found`, `invalid_params`, `run_already_exists`. A repeat with the same call id answers the run it has made. */
export async function triggerRun(env: Env, index: DagIndex, order: TriggerOrder): Promise<TriggeredRun> {
  const { dagId } = order;
  const entry = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  if (entry === undefined) throw new AirflareError("dag_not_found", `There is no DAG ${dagId} to trigger.`);
  const access = {
    dag: () => env.DAG.getByName(dagId),
    loadSpec: async () => (await loadDag(index, dagId)).spec,
  };
  const answer = await askDag(access, dagId, entry.specHash, (dag, round) =>
    dag.createRun({ ...requestOf(order), specHash: entry.specHash, callId: `${order.callId}:${round}` }),
  );
  if (answer.kind === "refused") throw refusedError(answer.error);
  if (answer.kind === "existing") return taken(env, index, order, answer.head);
  const run = env.DAG_RUN.getByName(dagRunObjectName(dagId, answer.create.head.runId));
  const { head } = await run.create({ ...answer.create, offer: null });
  return { runId: head.runId, logicalDate: head.logicalDate, isNew: true };
}

async function taken(
  env: Env,
  index: DagIndex,
  { dagId, callId, onExisting, note }: TriggerOrder,
  head: DagRunHead,
): Promise<TriggeredRun> {
  if (onExisting === "reset") {
    const { spec } = await loadDag(index, dagId);
    const options = {
      select: spec.tasks.map(({ taskId }) => ({ taskId })),
      includeUpstream: false,
      includeDownstream: false,
      onlyFailed: false,
      onlyRunning: false,
      resetDagRun: true,
      note,
    };
    const run = env.DAG_RUN.getByName(dagRunObjectName(dagId, head.runId));
    await run.command({ callId, command: { kind: "clear", options, dryRun: false } });
  }
  return { runId: head.runId, logicalDate: head.logicalDate, isNew: false };
}

function requestOf({
  runId,
  logicalDate,
  conf,
  note,
  onExisting,
}: TriggerOrder): Omit<CreateRunRequest, "callId" | "specHash"> {
  return {
    runId,
    runType: "manual",
    triggeredBy: "operator",
    triggeringUser: null,
    logicalDate,
    dataInterval: null,
    runAfter: null,
    conf,
    note,
    backfillId: null,
    returnExisting: onExisting !== "fail",
  };
}
