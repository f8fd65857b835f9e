/**
 * @module Which run stands in the way of a new one, and what the caller is told.
 */
import { AirflareError, errorInfo } from "../../model/error.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { CreateRunAnswer, CreateRunRequest } from "../../model/protocol.ts";
import type { Sql } from "../dag-run/sql.ts";
import { findRun, findRunByLogicalDate } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";

/** The run with the same id or the same logical date; null when both are free. */
export function takenBy(sql: Sql, head: Pick<DagRunHead, "runId" | "logicalDate">): RunRow | null {
  return findRun(sql, head.runId) ?? (head.logicalDate === null ? null : findRunByLogicalDate(sql, head.logicalDate));
}

/** `run_already_exists`, naming the run that is there. */
export function refusal(dagId: string, request: CreateRunRequest, taken: RunRow): CreateRunAnswer {
  const why = taken.runId === request.runId ? "this id" : "this logical date";
  const error = new AirflareError("run_already_exists", `DAG ${dagId} has a run with ${why} already: ${taken.runId}.`, {
    details: { dag_id: dagId, dag_run_id: taken.runId },
  });
  return { kind: "refused", error: errorInfo(error) };
}
