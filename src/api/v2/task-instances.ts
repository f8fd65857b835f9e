/**
 * @module Task instances: one, list, mapped list, batch list, tries, dependencies. Changing them stands in `task-instance-commands.ts`.
 */
import { ALL, pathParam, requireDag, requireRunAround, requireTaskInstance } from "../run-access.ts";
import { HttpDetailError, validationError } from "../errors.ts";
import { TASK_INSTANCE_ORDER, listAcrossRuns, listOfRun, taskInstanceCollection } from "../task-instance-list.ts";
import {
  TaskInstancesBatchBody,
  WIRE_TASK_INSTANCE_STATES,
  stateOfWire,
  taskInstanceListQuery,
  taskInstanceResponse,
  tryResponse,
} from "../schemas/task-instances.ts";
import { FINISHED_STATES } from "../../model/state.ts";
import { intIn } from "../schemas/wire-value.ts";
import { isMapped } from "../schemas/tasks.ts";
import { literalAll, oneOfEach } from "./dag-runs.ts";
import { pageRequest } from "../paging.ts";
import { rangesOf } from "../schemas/dag-runs.ts";
import { readBody, readQuery } from "../validation.ts";
import * as z from "zod/mini";
import type { ApiApp, TaskInstanceFilter } from "../ports.ts";
import type { ApiContext } from "../run-access.ts";
import type { TaskInstanceState } from "../../model/state.ts";

const RUN = "/api/v2/dags/:dag_id/dagRuns/:dag_run_id";
const TI = `${RUN}/taskInstances/:task_id`;
/** Digits only, so that `/dependencies` is never read as an index. */
export const MAPPED_TI = `${TI}/:map_index{-?[0-9]+}`;

const mapIndexQuery = z.object({ map_index: z.optional(intIn) });

export function taskInstanceRoutes(app: ApiApp): void {
  app.get(`${RUN}/taskInstances`, listInstances);
  app.post(`${RUN}/taskInstances/list`, listInstancesBatch);
  app.get(TI, getInstance);
  app.get(`${TI}/listMapped`, listMapped);
  app.get(`${TI}/tries`, listTries);
  app.get(`${TI}/tries/:task_try_number`, getTry);
  app.get(`${TI}/dependencies`, listDependencies);
  app.get(MAPPED_TI, getMappedInstance);
  app.get(`${MAPPED_TI}/tries`, listTries);
  app.get(`${MAPPED_TI}/tries/:task_try_number`, getTry);
  app.get(`${MAPPED_TI}/dependencies`, listDependencies);
}

/** The map index of the path, else of the query, else -1. */
export function mapIndexOf(c: ApiContext): number {
  const inPath = pathParam(c, "map_index");
  return inPath === "" ? (readQuery(c, mapIndexQuery).map_index ?? -1) : Number(inPath);
}

async function listInstances(c: ApiContext): Promise<Response> {
  const query = readQuery(c, taskInstanceListQuery);
  const [dagId, runId] = [pathParam(c, "dag_id"), pathParam(c, "dag_run_id")];
  const page = pageRequest(query, TASK_INSTANCE_ORDER, ["map_index"]);
  const filter = { ...filterOf(query), taskIds: query.task_id === undefined ? undefined : [query.task_id] };
  if (dagId !== ALL && runId !== ALL) {
    const found = await requireRunAround(c);
    return c.json(taskInstanceCollection(await listOfRun(found, filter, page, query.order_by !== undefined)));
  }
  if (dagId !== ALL) await requireDag(c);
  const scope = { dagIds: dagId === ALL ? undefined : [dagId], runIds: runId === ALL ? undefined : [runId] };
  return c.json(taskInstanceCollection(await listAcrossRuns(c.var.ports, { ...filter, ...scope }, page)));
}

async function listMapped(c: ApiContext): Promise<Response> {
  const query = readQuery(c, taskInstanceListQuery);
  const found = await requireRunAround(c);
  const taskId = pathParam(c, "task_id");
  const task = found.around.spec?.tasks.find((candidate) => candidate.taskId === taskId);
  if (found.around.spec === null || task === undefined) throw new HttpDetailError(404, `Task id ${taskId} not found`);
  if (!isMapped(found.around.spec, task)) throw new HttpDetailError(404, `Task id ${taskId} is not mapped`);
  const page = pageRequest(query, TASK_INSTANCE_ORDER, ["map_index"]);
  const list = await listOfRun(found, { ...filterOf(query), taskIds: [taskId] }, page, true);
  // An instance that is not expanded yet has no index and is not one of them.
  const rows = list.rows.filter((row) => row.map_index >= 0);
  return c.json(taskInstanceCollection({ rows, total: list.total - (list.rows.length - rows.length) }));
}

async function listInstancesBatch(c: ApiContext): Promise<Response> {
  for (const name of ["dag_id", "dag_run_id"]) {
    if (pathParam(c, name) !== ALL) throw validationError([literalAll(name, pathParam(c, name))]);
  }
  const body = await readBody(c, TaskInstancesBatchBody);
  const order = body.order_by == null ? {} : { order_by: [body.order_by] };
  const page = pageRequest({ limit: body.page_limit, offset: body.page_offset, ...order }, TASK_INSTANCE_ORDER, ["id"]);
  const filter: TaskInstanceFilter = {
    dagIds: body.dag_ids ?? undefined,
    runIds: body.dag_run_ids ?? undefined,
    taskIds: body.task_ids ?? undefined,
    states: body.state?.map(stateOfWire).filter((state) => state !== undefined),
    pools: body.pool ?? undefined,
    queues: body.queue ?? undefined,
    ...rangesOf(body),
  };
  return c.json(taskInstanceCollection(await listAcrossRuns(c.var.ports, filter, page)));
}

function filterOf(query: z.infer<typeof taskInstanceListQuery>): TaskInstanceFilter {
  return {
    states: statesOf(query.state),
    mapIndexes: query.map_index,
    pools: query.pool,
    queues: query.queue,
    operators: query.operator,
    tryNumbers: query.try_number,
    ...rangesOf(query),
  };
}

/** Airflow's query words: `no_status` and `none` mean null. */
function statesOf(words: readonly string[] | undefined): TaskInstanceState[] | undefined {
  const known = [...WIRE_TASK_INSTANCE_STATES, "no_status", "none"] as const;
  const states = oneOfEach<(typeof known)[number]>(words, known, "state");
  return states
    ?.map((state) => (state === "no_status" || state === "none" ? "none" : stateOfWire(state)))
    .filter((state) => state !== undefined);
}

async function getInstance(c: ApiContext): Promise<Response> {
  const { run, head, around } = await requireRunAround(c);
  const taskId = pathParam(c, "task_id");
  const { views } = await run.readTaskInstances({ taskIds: [taskId], offset: 0, limit: 1 });
  const view = views[0];
  if (view === undefined) {
    throw new HttpDetailError(
      404,
      `The Task Instance with dag_id: \`${head.dagId}\`, run_id: \`${head.runId}\` and task_id: \`${taskId}\` was not found`,
    );
  }
  if (view.mapIndex !== -1)
    throw new HttpDetailError(404, "Task instance is mapped, add the map_index value to the URL");
  return c.json(taskInstanceResponse(view, around));
}

async function getMappedInstance(c: ApiContext): Promise<Response> {
  const found = await requireRunAround(c);
  const [taskId, mapIndex] = [pathParam(c, "task_id"), mapIndexOf(c)];
  const { views } = await found.run.readTaskInstances({
    taskIds: [taskId],
    mapIndexes: [mapIndex],
    offset: 0,
    limit: 1,
  });
  const view = views[0];
  if (view !== undefined) return c.json(taskInstanceResponse(view, found.around));
  const { dagId, runId } = found.head;
  throw new HttpDetailError(
    404,
    `The Mapped Task Instance with dag_id: \`${dagId}\`, run_id: \`${runId}\`, task_id: \`${taskId}\`, and map_index: \`${mapIndex}\` was not found`,
  );
}

async function listTries(c: ApiContext): Promise<Response> {
  const tries = await triesOf(c);
  return c.json({ task_instances: tries, total_entries: tries.length });
}

async function getTry(c: ApiContext): Promise<Response> {
  const wanted = pathParam(c, "task_try_number");
  const found = (await triesOf(c)).find((attempt) => String(attempt.try_number) === wanted);
  if (found !== undefined) return c.json(found);
  throw new HttpDetailError(
    404,
    `The Task Instance with dag_id: \`${pathParam(c, "dag_id")}\`, run_id: \`${pathParam(c, "dag_run_id")}\`, task_id: \`${pathParam(c, "task_id")}\`, try_number: \`${wanted}\` and map_index: \`${mapIndexOf(c)}\` was not found`,
  );
}

/** Ended tries and the current one, oldest first, each number once. */
async function triesOf(c: ApiContext) {
  const found = await requireRunAround(c);
  const view = await requireTaskInstance(c, found, mapIndexOf(c));
  const records = await found.run.readTries(view.taskId, view.mapIndex);
  const tries = new Map(records.map((record) => [record.tryNumber, tryResponse(view, found.around, record)]));
  // A try that ended and waits for its next one is in the records already; its instance says only that it waits.
  if (!tries.has(view.tryNumber) || FINISHED_STATES.has(view.state))
    tries.set(view.tryNumber, tryResponse(view, found.around));
  return [...tries.values()].toSorted((a, b) => a.try_number - b.try_number);
}

/** Airflow says what blocks an instance only while it waits to be scheduled. */
async function listDependencies(c: ApiContext): Promise<Response> {
  const found = await requireRunAround(c);
  const view = await requireTaskInstance(c, found, mapIndexOf(c));
  const waiting = view.state === "none" || view.state === "scheduled";
  const deps = waiting ? await found.run.readDeps(view.taskId, view.mapIndex) : [];
  const dependencies = deps.filter((dep) => !dep.passed).map(({ dep, reason }) => ({ name: dep, reason }));
  return c.json({ dependencies: dependencies.toSorted((a, b) => (a.name < b.name ? -1 : 1)) });
}
