/**
 * @module Task instances on the wire, with their tries and dependencies, and the bodies that list, clear and mark them.
 */
import { DagVersionResponse, dagVersionResponse } from "./dag-versions.ts";
import {
  dateIn,
  dateOut,
  intIn,
  nullableDate,
  nullableText,
  pageQuery,
  wireDate,
  wireDateOrNull,
  wireDuration,
  wireUuid,
} from "./wire-value.ts";
import { rangeBody, rangeQuery } from "./dag-runs.ts";
import * as z from "zod/mini";
import type { DagVersion, TaskFacts, TaskInstanceFields, TaskInstanceRow } from "../ports.ts";
import type { TaskId } from "../../model/ids.ts";
import type { TaskInstanceState } from "../../model/state.ts";
import type { TryRecord } from "../../model/task-instance.ts";

export const WIRE_TASK_INSTANCE_STATES = [
  "removed",
  "scheduled",
  "queued",
  "running",
  "success",
  "restarting",
  "failed",
  "up_for_retry",
  "up_for_reschedule",
  "upstream_failed",
  "skipped",
  "deferred",
  "awaiting_input",
] as const;

const stateOut = z.nullable(z.enum(WIRE_TASK_INSTANCE_STATES));

const tryFields = {
  task_id: z.string(),
  dag_id: z.string(),
  dag_run_id: z.string(),
  map_index: z.int(),
  start_date: nullableDate,
  end_date: nullableDate,
  duration: z.nullable(z.number()),
  state: stateOut,
  try_number: z.int(),
  max_tries: z.int(),
  task_display_name: z.string(),
  dag_display_name: z.string(),
  hostname: nullableText,
  unixname: nullableText,
  pool: z.string(),
  pool_slots: z.int(),
  queue: nullableText,
  priority_weight: z.nullable(z.int()),
  operator: nullableText,
  operator_name: nullableText,
  queued_when: nullableDate,
  scheduled_when: nullableDate,
  pid: z.nullable(z.int()),
  executor: nullableText,
  executor_config: z.string(),
  dag_version: z.nullable(DagVersionResponse),
};

export const TaskInstanceResponse = z.object({
  id: z.uuid(),
  ...tryFields,
  logical_date: nullableDate,
  run_after: dateOut,
  note: nullableText,
  rendered_map_index: nullableText,
  rendered_fields: z.record(z.string(), z.unknown()),
  trigger: z.null(),
  triggerer_job: z.null(),
});

export const TaskInstanceCollectionResponse = z.object({
  task_instances: z.array(TaskInstanceResponse),
  total_entries: z.int(),
  total_entries_limit: z.nullable(z.int()),
  next_cursor: nullableText,
  previous_cursor: nullableText,
});

export const TaskInstanceHistoryResponse = z.object(tryFields);
export const TaskInstanceHistoryCollectionResponse = z.object({
  task_instances: z.array(TaskInstanceHistoryResponse),
  total_entries: z.int(),
});

export const TaskDependencyCollectionResponse = z.object({
  dependencies: z.array(z.object({ name: z.string(), reason: z.string() })),
});

const flag = z._default(z.boolean(), false);
const noteIn = z.nullable(z.string().check(z.maxLength(1000)));

export const PatchTaskInstanceBody = z.strictObject({
  new_state: z.optional(z.nullable(z.enum(WIRE_TASK_INSTANCE_STATES))),
  note: z.optional(noteIn),
  include_upstream: flag,
  include_downstream: flag,
  include_future: flag,
  include_past: flag,
});

export const ClearTaskInstancesBody = z.strictObject({
  dry_run: z._default(z.boolean(), true),
  start_date: z.optional(z.nullable(dateIn)),
  end_date: z.optional(z.nullable(dateIn)),
  only_failed: z._default(z.boolean(), true),
  only_running: flag,
  reset_dag_runs: z._default(z.boolean(), true),
  /** A task id, or a pair of task id and map index. */
  task_ids: z.optional(z.nullable(z.array(z.union([z.string(), z.tuple([z.string(), z.int()])])))),
  dag_run_id: z.optional(z.nullable(z.string())),
  include_upstream: flag,
  include_downstream: flag,
  include_future: flag,
  include_past: flag,
  run_on_latest_version: z.optional(z.nullable(z.boolean())),
  prevent_running_task: flag,
  note: z.optional(noteIn),
});

export const TaskInstancesBatchBody = z.strictObject({
  ...rangeBody,
  dag_ids: z.optional(z.nullable(z.array(z.string()))),
  dag_run_ids: z.optional(z.nullable(z.array(z.string()))),
  task_ids: z.optional(z.nullable(z.array(z.string()))),
  state: z.optional(z.nullable(z.array(z.nullable(z.enum(WIRE_TASK_INSTANCE_STATES))))),
  pool: z.optional(z.nullable(z.array(z.string()))),
  queue: z.optional(z.nullable(z.array(z.string()))),
  order_by: z.optional(z.nullable(z.string())),
  page_offset: z._default(z.int().check(z.minimum(0)), 0),
  page_limit: z._default(z.int().check(z.minimum(0)), 100),
});

export const taskInstanceListQuery = z.object({
  ...pageQuery,
  ...rangeQuery,
  task_id: z.optional(z.string()),
  state: z.optional(z.array(z.string())),
  pool: z.optional(z.array(z.string())),
  queue: z.optional(z.array(z.string())),
  operator: z.optional(z.array(z.string())),
  map_index: z.optional(z.array(intIn)),
  try_number: z.optional(z.array(intIn)),
});

/** What beside the instance itself goes into its answer. */
export interface TaskInstanceSurroundings {
  readonly head: TaskInstanceRow["run"];
  /** Null for a task that is no longer known. */
  readonly taskOf: (taskId: TaskId) => TaskFacts | null;
  readonly displayName: string;
  readonly version: DagVersion | null;
}

export function taskInstanceResponse(
  view: TaskInstanceFields,
  around: TaskInstanceSurroundings,
): z.infer<typeof TaskInstanceResponse> {
  const { head } = around;
  return {
    id: wireUuid("task_instance", head.incarnation, view.taskId, view.mapIndex, view.tryNumber),
    ...tryResponse(view, around),
    logical_date: wireDateOrNull(head.logicalDate),
    run_after: wireDate(head.runAfter),
    note: view.note,
    rendered_map_index: view.renderedMapIndex,
    rendered_fields: {},
    trigger: null,
    triggerer_job: null,
  };
}

/** One try as Airflow's history shows it; the current try of `view` unless an ended one is given. */
export function tryResponse(
  view: TaskInstanceFields,
  around: TaskInstanceSurroundings,
  ended?: TryRecord,
): z.infer<typeof TaskInstanceHistoryResponse> {
  const { head, displayName, version } = around;
  const task = around.taskOf(view.taskId);
  const times = ended ?? view;
  return {
    task_id: view.taskId,
    dag_id: head.dagId,
    dag_run_id: head.runId,
    map_index: view.mapIndex,
    start_date: wireDateOrNull(times.startedAt),
    end_date: wireDateOrNull(times.endedAt),
    duration: wireDuration(times.startedAt, times.endedAt),
    state: wireState(ended?.state ?? view.state),
    try_number: ended?.tryNumber ?? view.tryNumber,
    // Airflow counts the tries behind the first.
    max_tries: Math.max(0, view.maxTries - 1),
    task_display_name: task?.displayName ?? view.taskId,
    dag_display_name: displayName,
    ...taskFields(task),
    queued_when: wireDateOrNull(times.queuedAt),
    scheduled_when: wireDateOrNull(view.scheduledAt),
    dag_version: version === null ? null : dagVersionResponse(version, displayName),
  };
}

/** Fields that come from the task's definition; a Worker has no host, user or process to name. */
function taskFields(task: TaskFacts | null) {
  return {
    hostname: null,
    unixname: null,
    pool: task?.pool ?? "default_pool",
    pool_slots: task?.poolSlots ?? 1,
    queue: task?.queue ?? null,
    priority_weight: task?.priorityWeight ?? null,
    operator: task?.operatorName ?? null,
    operator_name: task?.operatorName ?? null,
    pid: null,
    executor: null,
    executor_config: "{}",
  };
}

/** Airflow's `None` is null on the wire. */
export function wireState(state: TaskInstanceState): z.infer<typeof stateOut> {
  return state === "none" ? null : state;
}

/** The other way; `awaiting_input` is a state no instance of ours is in yet. */
export function stateOfWire(state: z.infer<typeof stateOut>): TaskInstanceState | undefined {
  if (state === null) return "none";
  return state === "awaiting_input" ? undefined : state;
}
