/**
 * @module DAG runs: trigger, one, list, batch list, patch, delete. One run is read from its object, lists from the history.
 */
import { ALL, pathParam, requireDag, requireRunAround, runNotFound } from "../run-access.ts";
import {
  DAGRunPatchBody,
  DAGRunsBatchBody,
  DAG_RUN_STATES,
  DAG_RUN_TYPES,
  TriggerDAGRunPostBody,
  dagRunListQuery,
  dagRunResponse,
  rangeOf,
  rangesOf,
} from "../schemas/dag-runs.ts";
import { HttpDetailError, validationError } from "../errors.ts";
import { boundedConf } from "../conf-size.ts";
import { pageRequest } from "../paging.ts";
import { readBody, readQuery } from "../validation.ts";
import { deleteRun } from "../delete-run.ts";
import { triggerRun } from "../trigger-run.ts";
import { updateMaskQuery } from "../schemas/dags.ts";
import type { ApiApp, DagRunFilter, DagRunRow } from "../ports.ts";
import type { Page } from "../paging.ts";
import type { ApiContext } from "../run-access.ts";
import type { DagRunType } from "../../model/dag-run.ts";
import type { RunCommand } from "../../model/protocol.ts";
import type { WantedRun } from "../trigger-run.ts";
import type { z } from "zod/mini";

export const DAG_RUN_ORDER = {
  id: "run_after",
  state: "state",
  dag_id: "dag_id",
  run_id: "run_id",
  dag_run_id: "run_id",
  run_type: "run_type",
  logical_date: "logical_date",
  run_after: "run_after",
  start_date: "start_date",
  end_date: "end_date",
  updated_at: "updated_at",
  duration: "duration",
};

/** Airflow's `allowed_run_id_pattern`. */
const RUN_ID_PATTERN = /^[A-Za-z0-9_.~:+-]{1,250}$/;
const RESERVED_PREFIXES = ["scheduled__", "backfill__", "asset_triggered__"];

export function dagRunRoutes(app: ApiApp): void {
  app.get("/api/v2/dags/:dag_id/dagRuns", listRuns);
  app.post("/api/v2/dags/:dag_id/dagRuns/list", listRunsBatch);
  app.post("/api/v2/dags/:dag_id/dagRuns", trigger);

  app.get("/api/v2/dags/:dag_id/dagRuns/:dag_run_id", async (c) => {
    const { head, around } = await requireRunAround(c);
    return c.json(dagRunResponse(head, around.displayName, around.version));
  });

  app.patch("/api/v2/dags/:dag_id/dagRuns/:dag_run_id", patchRun);

  app.delete("/api/v2/dags/:dag_id/dagRuns/:dag_run_id", async (c) => {
    const [dagId, runId] = [pathParam(c, "dag_id"), pathParam(c, "dag_run_id")];
    if (!(await deleteRun(c.var.ports, dagId, runId))) throw runNotFound(dagId, runId);
    return c.body(null, 204);
  });
}

async function trigger(c: ApiContext): Promise<Response> {
  const dagId = pathParam(c, "dag_id");
  const body = await readBody(c, TriggerDAGRunPostBody);
  const head = await triggerRun(c.var.ports, c.var.index, dagId, wantedRun(body, c.var.caller.username));
  const around = await c.var.specs.around(c.var.ports, c.var.ports.run(dagId, head.runId), head);
  return c.json(dagRunResponse(head, around.displayName, around.version));
}

function wantedRun(body: z.infer<typeof TriggerDAGRunPostBody>, username: string): WantedRun {
  const { data_interval_start: start = null, data_interval_end: end = null } = body;
  if ((start === null) !== (end === null)) {
    throw bodyError(
      "Either both data_interval_start and data_interval_end must be provided or both must be None",
      body,
    );
  }
  if (start !== null && end !== null && start > end) {
    throw bodyError("data_interval_start must not be after data_interval_end", body);
  }
  if (typeof body.partition_key === "string")
    throw new HttpDetailError(400, "No DAG of this deployment is partitioned: leave partition_key out");
  return {
    runId: checkRunId(body.dag_run_id ?? null),
    runType: "manual",
    triggeredBy: "rest_api",
    triggeringUser: username,
    logicalDate: body.logical_date,
    dataInterval: start === null || end === null ? null : { start, end },
    runAfter: body.run_after ?? null,
    conf: boundedConf(body.conf ?? {}),
    note: body.note ?? null,
  };
}

function bodyError(message: string, input: unknown): HttpDetailError {
  return validationError([{ type: "value_error", loc: ["body"], msg: `Value error, ${message}`, input }]);
}

function checkRunId(runId: string | null): string | null {
  if (runId === null) return null;
  if (!RUN_ID_PATTERN.test(runId)) {
    throw new HttpDetailError(
      400,
      `The run_id provided '${runId}' does not match regex pattern '${RUN_ID_PATTERN.source}'`,
    );
  }
  const reserved = RESERVED_PREFIXES.find((prefix) => runId.startsWith(prefix));
  if (reserved !== undefined) {
    throw new HttpDetailError(
      400,
      `A manual DAG run cannot use ID '${runId}' since it is reserved for ${reserved.slice(0, -2)} runs`,
    );
  }
  return runId;
}

async function listRuns(c: ApiContext): Promise<Response> {
  const query = readQuery(c, dagRunListQuery);
  const dagId = pathParam(c, "dag_id");
  if (dagId !== ALL) await requireDag(c);
  const page = pageRequest(query, DAG_RUN_ORDER, ["id"]);
  const filter: DagRunFilter = {
    dagIds: dagId === ALL ? undefined : [dagId],
    states: oneOfEach(query.state, DAG_RUN_STATES, "state"),
    runTypes: oneOfEach<DagRunType>(query.run_type, DAG_RUN_TYPES, "run type"),
    runIdPattern: query.run_id_pattern,
    dagIdPattern: query.dag_id_pattern,
    triggeringUserPattern: query.triggering_user_name_pattern,
    confContains: query.conf_contains,
    versionNumbers: query.dag_version,
    updatedAt: rangeOf(query, "updated_at"),
    ...rangesOf(query),
  };
  // Who has just triggered a run finds it in the list of its DAG.
  if (dagId !== ALL) await c.var.ports.dag(dagId).mirrored();
  return c.json(collection(await c.var.ports.history.listRuns(filter, page)));
}

async function listRunsBatch(c: ApiContext): Promise<Response> {
  // Airflow takes the filter from the body only; the path must say "all".
  const dagId = pathParam(c, "dag_id");
  if (dagId !== ALL) throw validationError([literalAll("dag_id", dagId)]);
  const body = await readBody(c, DAGRunsBatchBody);
  const order = body.order_by == null ? {} : { order_by: [body.order_by] };
  const page = pageRequest({ limit: body.page_limit, offset: body.page_offset, ...order }, DAG_RUN_ORDER, ["id"]);
  const filter: DagRunFilter = {
    dagIds: body.dag_ids ?? undefined,
    states: body.states?.filter((state) => state !== null),
    confContains: body.conf_contains ?? undefined,
    ...rangesOf(body),
  };
  return c.json(collection(await c.var.ports.history.listRuns(filter, page)));
}

/** FastAPI's complaint about a path that only takes `~`. */
export function literalAll(name: string, input: string) {
  return { type: "literal_error", loc: ["path", name], msg: "Input should be '~'", input, ctx: { expected: "'~'" } };
}

function collection(page: Page<DagRunRow>) {
  return {
    dag_runs: page.rows.map((row) => dagRunResponse(row.run, row.displayName, row.version)),
    total_entries: page.total,
    total_entries_limit: null,
    next_cursor: null,
    previous_cursor: null,
  };
}

/** A repeated query key with a closed set of values; Airflow says this one in a sentence. */
export function oneOfEach<Value extends string>(
  given: readonly string[] | undefined,
  known: readonly Value[],
  what: string,
): Value[] | undefined {
  return given?.map((text) => {
    const value = known.find((candidate) => candidate === text);
    if (value === undefined)
      throw new HttpDetailError(422, `Invalid value for ${what}. Valid values are ${known.join(", ")}`);
    return value;
  });
}

async function patchRun(c: ApiContext): Promise<Response> {
  const mask = readQuery(c, updateMaskQuery).update_mask;
  const body = await readBody(c, DAGRunPatchBody);
  const { run, head, around } = await requireRunAround(c);
  const wanted = (field: "state" | "note"): boolean =>
    body[field] !== undefined && (mask === undefined || mask.length === 0 || mask.includes(field));
  const commands: RunCommand[] = [];
  if (wanted("state") && body.state != null)
    commands.push({ kind: "mark-run", state: body.state, by: c.var.caller.username });
  if (wanted("note")) commands.push({ kind: "note", select: null, note: body.note ?? null });
  let current = head;
  for (const command of commands) {
    // The answer shows what the last one left.
    current = { ...current, ...(await run.command({ callId: c.var.ports.randomId(), command })).head };
  }
  return c.json(dagRunResponse(current, around.displayName, around.version));
}
