/**
 * @module Past and future runs of a DAG, by logical date, as `include_past` and `include_future` mean them.
 */
import { AirflareError } from "../model/error.ts";
import { HttpDetailError } from "./errors.ts";
import type { ApiPorts } from "./ports.ts";
import type { DagId, RunId } from "../model/ids.ts";
import type { DagRunHead } from "../model/dag-run.ts";

/** Runs that one request may change: each is a call to its object. */
export const RUNS_PER_REQUEST_MAX = 300;
/** Calls to run objects side by side. */
const SIDE_BY_SIDE = 6;

export interface Span {
  readonly past: boolean;
  readonly future: boolean;
}

/** Ids of the run and of those before and after it that are asked for. */
export async function runIdsAround(
  ports: ApiPorts,
  head: DagRunHead,
  { past, future }: Span,
): Promise<readonly RunId[]> {
  if (!past && !future) return [head.runId];
  const at = head.logicalDate;
  if (at === null) {
    throw new HttpDetailError(
      400,
      "Cannot use include_past or include_future with no logical_date(e.g. manually or asset-triggered).",
    );
  }
  const bounds = { logicalDateGte: past ? 0 : at, logicalDateLte: future ? Number.MAX_SAFE_INTEGER : at };
  return await runIdsBetween(ports, head.dagId, bounds);
}

/** Ids of all runs whose logical date lies in between; without bounds of every run, also of those that have no date. */
export async function runIdsBetween(
  ports: ApiPorts,
  dagId: DagId,
  bounds: { readonly logicalDateGte?: number; readonly logicalDateLte?: number },
): Promise<readonly RunId[]> {
  const bounded = bounds.logicalDateGte !== undefined || bounds.logicalDateLte !== undefined;
  const limit = RUNS_PER_REQUEST_MAX + 1;
  const runIds = bounded
    ? (await ports.dag(dagId).listRuns({ ...bounds, limit })).map((record) => record.runId)
    : (await ports.history.listRuns({ dagIds: [dagId] }, { offset: 0, limit, order: [] })).rows.map(
        ({ run }) => run.runId,
      );
  if (runIds.length < limit) return runIds;
  throw new AirflareError(
    "invalid_request",
    `More than ${RUNS_PER_REQUEST_MAX} runs of ${dagId} would change; narrow the dates.`,
  );
}

/** Does `work` for each run, a few at a time, answers in order. */
export async function forEachRun<Result>(
  runIds: readonly RunId[],
  work: (runId: RunId) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let at = 0; at < runIds.length; at += SIDE_BY_SIDE) {
    results.push(...(await Promise.all(runIds.slice(at, at + SIDE_BY_SIDE).map(work))));
  }
  return results;
}
