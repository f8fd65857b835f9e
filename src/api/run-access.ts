/**
 * @module Finding the run, the DAG and the task instances that a path names, with Airflow's 404 texts.
 */
import { ALL_PAGES_MAX, READ_PAGE_SIZE, allPages } from "./all-pages.ts";
import { HttpDetailError } from "./errors.ts";
import type { DagRow, ApiVariables } from "./ports.ts";
import type { DagRunApi, ReadTaskInstancesRequest, RunUsage, TaskInstanceView } from "../model/protocol.ts";
import type { Context } from "hono";
import type { DagSpec } from "../model/dag-spec.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { RunSurroundings } from "./spec-cache.ts";

/** A request's context in this API. */
export type ApiContext<Path extends string = string> = Context<{ Variables: ApiVariables }, Path>;

/** Stands for "all" in a path. */
export const ALL = "~";

/** A path parameter of the matched route. */
export function pathParam(c: ApiContext, name: string): string {
  return c.req.param(name) ?? "";
}

export interface FoundRun {
  readonly run: DagRunApi;
  readonly head: DagRunHead & { readonly usage: RunUsage };
}

/** The run of the path, read from its object. */
export async function requireRun(c: ApiContext): Promise<FoundRun> {
  const [dagId, runId] = [pathParam(c, "dag_id"), pathParam(c, "dag_run_id")];
  const run = c.var.ports.run(dagId, runId);
  const head = await run.readHead();
  if (head === null) throw runNotFound(dagId, runId);
  return { run, head };
}

export function runNotFound(dagId: string, runId: string): HttpDetailError {
  return new HttpDetailError(404, `The DagRun with dag_id: \`${dagId}\` and run_id: \`${runId}\` was not found`);
}

/** The run of the path with its spec and version. */
export async function requireRunAround(c: ApiContext): Promise<FoundRun & { readonly around: RunSurroundings }> {
  const found = await requireRun(c);
  return { ...found, around: await c.var.specs.around(c.var.ports, found.run, found.head) };
}

/** The DAG of the path as the history knows it. */
export async function requireDag(c: ApiContext, dagId = pathParam(c, "dag_id")): Promise<DagRow> {
  const row = await c.var.ports.history.getDag(dagId);
  if (row === null) throw new HttpDetailError(404, `The Dag with ID: \`${dagId}\` was not found`);
  return row;
}

/** The spec of a DAG's latest version. */
export async function requireSpec(c: ApiContext, row: DagRow): Promise<DagSpec> {
  const spec = await c.var.specs.specOfDag(c.var.ports, row);
  if (spec !== null) return spec;
  throw new HttpDetailError(404, `The Dag with ID: \`${row.dagId}\` was not found: it is no longer deployed`);
}

/** The one instance that task id and map index name. */
export async function findTaskInstance(
  run: DagRunApi,
  taskId: string,
  mapIndex: number,
): Promise<TaskInstanceView | null> {
  const { views } = await run.readTaskInstances({ taskIds: [taskId], mapIndexes: [mapIndex], offset: 0, limit: 1 });
  return views[0] ?? null;
}

/** As {@link findTaskInstance}, or Airflow's 404. */
export async function requireTaskInstance(c: ApiContext, found: FoundRun, mapIndex: number): Promise<TaskInstanceView> {
  const taskId = pathParam(c, "task_id");
  const view = await findTaskInstance(found.run, taskId, mapIndex);
  if (view !== null) return view;
  const { dagId, runId } = found.head;
  throw new HttpDetailError(
    404,
    `The Task Instance with dag_id: \`${dagId}\`, run_id: \`${runId}\`, task_id: \`${taskId}\` and map_index: \`${mapIndex}\` was not found`,
  );
}

/** Every instance of a run that fits, in pages. */
export async function readAllTaskInstances(
  run: DagRunApi,
  request: Omit<ReadTaskInstancesRequest, "offset" | "limit">,
): Promise<readonly TaskInstanceView[]> {
  return await allPages(async (offset) => {
    const { views } = await run.readTaskInstances({ ...request, offset, limit: READ_PAGE_SIZE });
    return views;
  }, ALL_PAGES_MAX);
}
