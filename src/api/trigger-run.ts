/**
 * @module Triggering a run: the DAG's object makes it, the run's object takes it over and may hand first attempts to this very request.
 */
import { AirflareError } from "../model/error.ts";
import { HttpDetailError, uniqueConstraintError } from "./errors.ts";
import { runNotFound } from "./run-access.ts";
import type { ApiPorts } from "./ports.ts";
import type { CreateRunAnswer, CreateRunRequest } from "../model/protocol.ts";
import type { DagId } from "../model/ids.ts";
import type { DagIndex } from "../dag/dag-index.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { ErrorInfo } from "../model/outcome.ts";

/** `createRun`, `syncSpec`, `createRun`: a third round means that two deploys answer at once. */
const ROUNDS_MAX = 3;

/** What a caller says about a new run; the rest follows from DAG and deployment. */
export type WantedRun = Omit<CreateRunRequest, "callId" | "specHash" | "backfillId" | "returnExisting">;

/**
 * Creates the run and starts it as far as limits let it. Throws Airflow's 404, 400 (import error, params) and 409 (same id or logical date).
 * Repeating after a lost answer is a 409 with a given run id: the run is there.
 */
export async function triggerRun(
  ports: ApiPorts,
  index: DagIndex,
  dagId: DagId,
  wanted: WantedRun,
): Promise<DagRunHead> {
  const specHash = deployedHash(index, dagId, await knownWithImportError(ports, index, dagId));
  const request: CreateRunRequest = {
    ...wanted,
    callId: ports.randomId(),
    specHash,
    backfillId: null,
    returnExisting: false,
  };
  const answer = await createInDag(ports, dagId, request);
  if (answer.kind === "existing") return answer.head;
  if (answer.kind === "refused") throw refusal(answer.error, ports);
  const { head } = answer.create;
  const offer = ports.offer(ports.now());
  const created = await ports.run(dagId, head.runId).create({ ...answer.create, offer });
  if (created.next !== null) ports.drive(created.next);
  return created.head;
}

function deployedHash(index: DagIndex, dagId: DagId, broken: boolean): string {
  const entry = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  if (entry !== undefined) return entry.specHash;
  if (broken) throw new HttpDetailError(400, `Dag with dag_id: '${dagId}' has import errors and cannot be triggered`);
  throw new HttpDetailError(404, `Dag with dag_id: '${dagId}' not found`);
}

/** A DAG whose file no longer loads is not in the index, but the history still has it. */
async function knownWithImportError(ports: ApiPorts, index: DagIndex, dagId: DagId): Promise<boolean> {
  if (Object.hasOwn(index.dags, dagId) || index.importErrors.length === 0) return false;
  const row = await ports.history.getDag(dagId);
  return row !== null && index.importErrors.some(({ file }) => file === row.relativeFileloc);
}

async function createInDag(
  ports: ApiPorts,
  dagId: DagId,
  request: CreateRunRequest,
): Promise<Exclude<CreateRunAnswer, { kind: "spec-needed" }>> {
  const dag = ports.dag(dagId);
  for (let round = 0; round < ROUNDS_MAX; round++) {
    // Each round answers what the one before asked for.
    const answer = await dag.createRun({ ...request, callId: `${request.callId}:${round}` });
    if (answer.kind !== "spec-needed") return answer;
    await dag.syncSpec(await ports.loadSpec(dagId), request.specHash);
  }
  throw new AirflareError(
    "not_configured",
    `The DAG ${dagId} changed while the run was being made (a deploy is rolling out). Trigger it again.`,
  );
}

function refusal(error: ErrorInfo, ports: ApiPorts): Error {
  if (error.code === "run_already_exists") return uniqueConstraintError(ports.randomId().slice(0, 8));
  if (error.code === "invalid_params") return new HttpDetailError(400, error.message);
  if (error.code === "dag_run_not_found") return runNotFound("", "");
  return Object.assign(new Error(error.message), { code: error.code });
}
