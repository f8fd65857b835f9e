/**
 * @module Lists of task instances: of one run from its object, across runs from the history. Both take the same filter.
 */
import { readAllTaskInstances } from "./run-access.ts";
import { slicePage } from "./paging.ts";
import { taskInstanceResponse, wireState } from "./schemas/task-instances.ts";
import { wireDuration } from "./schemas/wire-value.ts";
import type { ApiPorts, Range, TaskInstanceFilter, TaskInstanceRow } from "./ports.ts";
import type { FoundRun } from "./run-access.ts";
import type { Page, PageRequest } from "./paging.ts";
import type { ReadTaskInstancesRequest, TaskInstanceView } from "../model/protocol.ts";
import type { RunSurroundings } from "./spec-cache.ts";
import type { TaskInstanceResponse } from "./schemas/task-instances.ts";
import type { z } from "zod/mini";

type Answer = z.infer<typeof TaskInstanceResponse>;

/** Words of `order_by`; the history knows the same ones. */
export const TASK_INSTANCE_ORDER = {
  id: "id",
  state: "state",
  duration: "duration",
  start_date: "start_date",
  end_date: "end_date",
  map_index: "map_index",
  task_id: "task_id",
  try_number: "try_number",
  logical_date: "logical_date",
  run_after: "run_after",
  operator: "operator",
  pool: "pool",
};

/** Airflow's envelope of a list of task instances. */
export function taskInstanceCollection(page: Page<Answer>) {
  return {
    task_instances: page.rows,
    total_entries: page.total,
    total_entries_limit: null,
    next_cursor: null,
    previous_cursor: null,
  };
}

/** Across runs, from the history. */
export async function listAcrossRuns(
  ports: ApiPorts,
  filter: TaskInstanceFilter,
  page: PageRequest,
): Promise<Page<Answer>> {
  const { rows, total } = await ports.history.listTaskInstances(filter, page);
  return { rows: rows.map(rowResponse), total };
}

function rowResponse(row: TaskInstanceRow): Answer {
  const { run, displayName, version, task } = row;
  return taskInstanceResponse(row.view, { head: run, displayName, version, taskOf: () => task });
}

/**
 * Of one run, from its object: what a user just did is in it. Without filters the object cuts the page; else all of the run's instances are read.
 */
export async function listOfRun(
  found: FoundRun & { readonly around: RunSurroundings },
  filter: TaskInstanceFilter,
  page: PageRequest,
  ordered: boolean,
): Promise<Page<Answer>> {
  const { run, around } = found;
  const request: Omit<ReadTaskInstancesRequest, "offset" | "limit"> = {
    ...(filter.taskIds === undefined ? {} : { taskIds: filter.taskIds }),
    ...(filter.mapIndexes === undefined ? {} : { mapIndexes: filter.mapIndexes }),
    ...(filter.states === undefined ? {} : { states: filter.states }),
  };
  if (!ordered && !needsEveryInstance(filter)) {
    // The object may refuse a page of none, and the count is the same.
    const { views, total } = await run.readTaskInstances({
      ...request,
      offset: page.offset,
      limit: Math.max(1, page.limit),
    });
    return { rows: views.slice(0, page.limit).map((view) => taskInstanceResponse(view, around)), total };
  }
  const views = await readAllTaskInstances(run, request);
  const fitting = views.filter((view) => fits(view, found, filter));
  const sliced = slicePage(fitting, ordered ? page : { ...page, order: [] }, (view, by) => sortValue(view, by, around));
  return { rows: sliced.rows.map((view) => taskInstanceResponse(view, around)), total: sliced.total };
}

/** Filters that the run's object does not know. */
function needsEveryInstance(filter: TaskInstanceFilter): boolean {
  const { pools, queues, operators, tryNumbers, runAfter, logicalDate, startDate, endDate, duration } = filter;
  const rest = [pools, queues, operators, tryNumbers, runAfter, logicalDate, startDate, endDate, duration];
  return rest.some((part) => part !== undefined);
}

function fits(
  view: TaskInstanceView,
  { head, around }: FoundRun & { readonly around: RunSurroundings },
  filter: TaskInstanceFilter,
): boolean {
  const task = around.taskOf(view.taskId);
  return (
    isOneOf(filter.pools, task?.pool) &&
    isOneOf(filter.queues, task?.queue) &&
    isOneOf(filter.operators, task?.operatorName) &&
    isOneOf(filter.tryNumbers, view.tryNumber) &&
    isWithin(filter.runAfter, head.runAfter) &&
    isWithin(filter.logicalDate, head.logicalDate) &&
    isWithin(filter.startDate, view.startedAt === 0 ? null : view.startedAt) &&
    isWithin(filter.endDate, view.endedAt === 0 ? null : view.endedAt) &&
    isWithin(filter.duration, wireDuration(view.startedAt, view.endedAt))
  );
}

/** An empty list restricts nothing, as in the history. */
function isOneOf<Value>(wanted: readonly Value[] | undefined, value: Value | undefined): boolean {
  return wanted === undefined || wanted.length === 0 || (value !== undefined && wanted.includes(value));
}

function isWithin(range: Range | undefined, value: number | null): boolean {
  if (range === undefined) return true;
  if (value === null) return false;
  const { gte = -Infinity, gt = -Infinity, lte = Infinity, lt = Infinity } = range;
  return value >= gte && value > gt && value <= lte && value < lt;
}

function sortValue(view: TaskInstanceView, by: string, around: RunSurroundings): string | number | null {
  switch (by) {
    case "task_id":
      return view.taskId;
    case "map_index":
      return view.mapIndex;
    case "state":
      return wireState(view.state);
    case "try_number":
      return view.tryNumber;
    case "start_date":
      return view.startedAt === 0 ? null : view.startedAt;
    case "end_date":
      return view.endedAt === 0 ? null : view.endedAt;
    case "duration":
      return wireDuration(view.startedAt, view.endedAt);
    case "operator":
      return around.taskOf(view.taskId)?.operatorName ?? null;
    case "pool":
      return around.taskOf(view.taskId)?.pool ?? null;
    default:
      // `id`, and dates of the run, which all have in common.
      return view.ord;
  }
}
