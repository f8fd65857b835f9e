/**
 * @module Changing task instances: mark (with its dry run), note, and clear with past, future, upstream and downstream.
 */
import { ALL, pathParam, requireDag, requireRunAround, requireTaskInstance } from "../run-access.ts";
import { ClearTaskInstancesBody, PatchTaskInstanceBody, taskInstanceResponse } from "../schemas/task-instances.ts";
import { HttpDetailError, validationError } from "../errors.ts";
import { MAPPED_TI, mapIndexOf } from "./task-instances.ts";
import { OPEN_ATTEMPT_STATES } from "../../model/state.ts";
import { forEachRun, runIdsAround, runIdsBetween } from "../runs-around.ts";
import { readBody, readQuery } from "../validation.ts";
import { syncRunSpec } from "../sync-run-spec.ts";
import { taskInstanceCollection } from "../task-instance-list.ts";
import { updateMaskQuery } from "../schemas/dags.ts";
import type { ApiApp } from "../ports.ts";
import type { ApiContext } from "../run-access.ts";
import type { MarkOptions, TaskInstanceSelector } from "../../model/event.ts";
import type { RunCommand } from "../../model/protocol.ts";
import type { RunId } from "../../model/ids.ts";
import type { TaskInstanceResponse } from "../schemas/task-instances.ts";
import type { z } from "zod/mini";

type Answer = z.infer<typeof TaskInstanceResponse>;
type PatchBody = z.infer<typeof PatchTaskInstanceBody>;
type ClearBody = z.infer<typeof ClearTaskInstancesBody>;

const TI = "/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id";
/** States a user may set. */
const MARKABLE = ["success", "failed", "skipped"] as const;

export function taskInstanceCommandRoutes(app: ApiApp): void {
  app.patch(TI, (c) => patchInstance(c, false));
  app.patch(`${TI}/dry_run`, (c) => patchInstance(c, true));
  app.patch(MAPPED_TI, (c) => patchInstance(c, false));
  app.patch(`${MAPPED_TI}/dry_run`, (c) => patchInstance(c, true));
  app.post("/api/v2/dags/:dag_id/clearTaskInstances", clearInstances);
}

async function patchInstance(c: ApiContext, dryRun: boolean): Promise<Response> {
  const mask = readQuery(c, updateMaskQuery).update_mask;
  const body = await readBody(c, PatchTaskInstanceBody);
  const found = await requireRunAround(c);
  const taskId = pathParam(c, "task_id");
  const mapped = pathParam(c, "map_index") !== "" || c.req.query("map_index") !== undefined;
  if (mapped) await requireTaskInstance(c, found, mapIndexOf(c));
  else await requireAnyInstance(c, taskId);
  const select: TaskInstanceSelector = mapped ? { taskId, mapIndexes: [mapIndexOf(c)] } : { taskId };
  const wanted = (field: "new_state" | "note"): boolean =>
    field in body && (mask === undefined || mask.length === 0 || mask.includes(field));
  const runIds = await runIdsAround(c.var.ports, found.head, { past: body.include_past, future: body.include_future });
  let answers: Answer[] = [];
  if (wanted("new_state")) answers = await commandEach(c, runIds, markCommand(c, body, select, dryRun));
  if (!dryRun && wanted("note")) {
    const noted = await commandEach(c, runIds, { kind: "note", select, note: body.note ?? null });
    if (answers.length === 0) answers = noted;
    else answers = answers.map((answer) => noted.find((other) => other.id === answer.id) ?? answer);
  }
  const rows = onlySelected(answers, body, [taskId]);
  return c.json(taskInstanceCollection({ rows, total: rows.length }));
}

async function requireAnyInstance(c: ApiContext, taskId: string): Promise<void> {
  const [dagId, runId] = [pathParam(c, "dag_id"), pathParam(c, "dag_run_id")];
  const { total } = await c.var.ports.run(dagId, runId).readTaskInstances({ taskIds: [taskId], offset: 0, limit: 1 });
  if (total > 0) return;
  throw new HttpDetailError(
    404,
    `The Task Instance with dag_id: \`${dagId}\`, run_id: \`${runId}\` and task_id: \`${taskId}\` was not found`,
  );
}

function markCommand(c: ApiContext, body: PatchBody, select: TaskInstanceSelector, dryRun: boolean): RunCommand {
  const state = MARKABLE.find((candidate) => candidate === body.new_state);
  if (state === undefined) {
    const msg =
      body.new_state == null
        ? "Value error, 'new_state' should not be empty"
        : `Value error, '${body.new_state}' is not in ['success', 'failed', 'skipped']`;
    throw validationError([{ type: "value_error", loc: ["body", "new_state"], msg, input: body.new_state }]);
  }
  const options: MarkOptions = {
    select: [select],
    includeUpstream: body.include_upstream,
    includeDownstream: body.include_downstream,
    state,
  };
  return { kind: "mark", options, by: c.var.caller.username, dryRun };
}

/** Sends one command to each run; the instances it touched, as they are behind it. */
async function commandEach(c: ApiContext, runIds: readonly RunId[], command: RunCommand): Promise<Answer[]> {
  const { ports, specs } = c.var;
  const dagId = pathParam(c, "dag_id");
  const perRun = await forEachRun(runIds, async (runId) => {
    const run = ports.run(dagId, runId);
    const { head, touched } = await run.command({ callId: ports.randomId(), command });
    const around = await specs.around(ports, run, head);
    return touched.map((view) => taskInstanceResponse(view, around));
  });
  return perRun.flat();
}

/** A command also changes what follows from it (an instance downstream fails with its upstream); those are not what was asked for. */
function onlySelected(
  answers: Answer[],
  body: { include_upstream: boolean; include_downstream: boolean },
  taskIds: readonly string[],
): Answer[] {
  if (body.include_upstream || body.include_downstream) return answers;
  return answers.filter((answer) => taskIds.includes(answer.task_id));
}

async function clearInstances(c: ApiContext): Promise<Response> {
  const body = await readBody(c, ClearTaskInstancesBody);
  const dagId = pathParam(c, "dag_id");
  if (dagId === ALL) throw new HttpDetailError(400, "Name the DAG whose task instances are to be cleared");
  await requireDag(c);
  const runIds = await clearedRuns(c, dagId, body);
  if (body.prevent_running_task) await refuseRunning(c, runIds, body);
  const answers = await clearEach(c, runIds, body, body.dry_run);
  return c.json(taskInstanceCollection({ rows: answers, total: answers.length }));
}

async function clearedRuns(c: ApiContext, dagId: string, body: ClearBody): Promise<readonly RunId[]> {
  const { ports } = c.var;
  if (body.dag_run_id != null) {
    const head = await ports.run(dagId, body.dag_run_id).readHead();
    if (head === null) throw new HttpDetailError(404, `Dag Run id ${body.dag_run_id} not found in dag ${dagId}`);
    return await runIdsAround(ports, head, { past: body.include_past, future: body.include_future });
  }
  const { start_date: start, end_date: end } = body;
  if (start != null && end != null && start > end) {
    throw validationError([
      { type: "value_error", loc: ["body"], msg: "Value error, end_date is sooner than start_date", input: null },
    ]);
  }
  return await runIdsBetween(ports, dagId, {
    ...(start == null || body.include_past ? {} : { logicalDateGte: start }),
    ...(end == null || body.include_future ? {} : { logicalDateLte: end }),
  });
}

async function refuseRunning(c: ApiContext, runIds: readonly RunId[], body: ClearBody): Promise<void> {
  const touched = await clearEach(c, runIds, body, true);
  const running = touched.find((instance) => isOpen(instance.state));
  if (running === undefined) return;
  throw new HttpDetailError(
    409,
    `Task instance ${running.task_id} of run ${running.dag_run_id} is ${String(running.state)}: nothing was cleared`,
  );
}

function isOpen(state: Answer["state"]): boolean {
  return state !== null && state !== "awaiting_input" && OPEN_ATTEMPT_STATES.has(state);
}

async function clearEach(c: ApiContext, runIds: readonly RunId[], body: ClearBody, dryRun: boolean): Promise<Answer[]> {
  const { ports, specs } = c.var;
  const dagId = pathParam(c, "dag_id");
  const perRun = await forEachRun(runIds, async (runId) => {
    const run = ports.run(dagId, runId);
    const head = await run.readHead();
    // Deleted since the list was made.
    if (head === null) return [];
    // A dry run answers for the version that the run has.
    const isSynced = body.run_on_latest_version === true && !dryRun;
    const around = await specs.around(ports, run, isSynced ? await syncRunSpec(c, run) : head);
    const taskIds = (around.spec?.tasks ?? []).map((task) => task.taskId);
    const select = selectorsOf(body, taskIds);
    // None of the tasks exists in this run's version.
    if (select.length === 0) return [];
    const options = {
      select,
      includeUpstream: body.include_upstream,
      includeDownstream: body.include_downstream,
      onlyFailed: body.only_failed,
      onlyRunning: body.only_running,
      resetDagRun: body.reset_dag_runs,
      note: body.note ?? null,
    };
    const answer = await run.command({ callId: ports.randomId(), command: { kind: "clear", options, dryRun } });
    const answers = answer.touched.map((view) => taskInstanceResponse(view, around));
    return onlySelected(
      answers,
      body,
      select.map((selector) => selector.taskId),
    );
  });
  return perRun.flat();
}

/** Without `task_ids`: every task. A task that this run's version does not have is left out. */
function selectorsOf(body: ClearBody, taskIds: readonly string[]): TaskInstanceSelector[] {
  if (body.task_ids == null) return taskIds.map((taskId) => ({ taskId }));
  const known = new Set(taskIds);
  return body.task_ids
    .map((item): TaskInstanceSelector =>
      typeof item === "string" ? { taskId: item } : { taskId: item[0], mapIndexes: [item[1]] },
    )
    .filter((selector) => known.has(selector.taskId));
}
