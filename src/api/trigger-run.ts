/**
 * @module Triggering a run: the DAG's object makes it, the run's object takes it over and may hand first attempts to this very request.
 */
import { askDag, refusedError } from "../runtime/ask-dag.ts";
import { HttpDetailError, uniqueConstraintError } from "./errors.ts";
import { runNotFound } from "./run-access.ts";
import type { ApiPorts } from "./ports.ts";
import type { CreateRunRequest } from "../model/protocol.ts";
import type { DagId } from "../model/ids.ts";
import type { DagIndex } from "../dag/dag-index.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { ErrorInfo } from "../model/outcome.ts";

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
  const { logicalDate, dataInterval: given } = wanted;
  // A timetable of the author's own cannot be asked by the DAG's object.
  const dataInterval = given ?? (logicalDate === null ? null : await ports.inferInterval(dagId, logicalDate));
  const request: CreateRunRequest = {
    ...wanted,
    dataInterval,
    // As Airflow: a run whose interval follows from its logical date is due at the interval's end.
    runAfter: wanted.runAfter ?? (given === null ? (dataInterval?.end ?? null) : null),
    callId: ports.randomId(),
    specHash,
    backfillId: null,
    returnExisting: false,
  };
  const answer = await askDag(ports, dagId, specHash, (dag, round) =>
    dag.createRun({ ...request, callId: `${request.callId}:${round}` }),
  );
  if (answer.kind === "existing") return answer.head;
  if (answer.kind === "refused") throw refusal(answer.error, ports);
  const { head } = answer.create;
  const offer = ports.offer(ports.now());
  const created = await ports.run(dagId, head.runId).create({ ...answer.create, offer });
  if (created.next !== null) ports.drive(created.next);
  return created.head;
}

/** The hash of the deployed spec. Throws 404 with `unknown`, or 400 for a DAG that is known but whose file does not load (`broken`). */
export function deployedHash(
  index: DagIndex,
  dagId: DagId,
  broken: boolean,
  unknown = `Dag with dag_id: '${dagId}' not found`,
): string {
  const entry = Object.hasOwn(index.dags, dagId) ? index.dags[dagId] : undefined;
  if (entry !== undefined) return entry.specHash;
  if (broken) throw new HttpDetailError(400, `Dag with dag_id: '${dagId}' has import errors and cannot be triggered`);
  throw new HttpDetailError(404, unknown);
}

/** A DAG whose file no longer loads is not in the index, but the history still has it. */
async function knownWithImportError(ports: ApiPorts, index: DagIndex, dagId: DagId): Promise<boolean> {
  if (Object.hasOwn(index.dags, dagId) || index.importErrors.length === 0) return false;
  const row = await ports.history.getDag(dagId);
  return row !== null && index.importErrors.some(({ file }) => file === row.relativeFileloc);
}

function refusal(error: ErrorInfo, ports: ApiPorts): Error {
  if (error.code === "run_already_exists") return uniqueConstraintError(ports.randomId().slice(0, 8));
  if (error.code === "invalid_params") return new HttpDetailError(400, error.message);
  if (error.code === "dag_run_not_found") return runNotFound("", "");
  return refusedError(error);
}
