/**
 * @module Rows of the history as they are written, from the objects' own records. Zero times and the state `none` become NULL.
 */
import { INSTANCES_PER_BLOCK } from "../../model/task-instance.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunStatePush, TaskInstanceView } from "../../model/protocol.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

/** Values by column name. */
export type MirrorRow = Readonly<Record<string, string | number | null>>;

/** Rows to write together. */
export interface MirrorRows {
  readonly dags: readonly MirrorRow[];
  readonly runs: readonly MirrorRow[];
  /** Task instances, a block of them to a row. */
  readonly blocks: readonly MirrorRow[];
  readonly tries: readonly MirrorRow[];
  readonly backfills: readonly MirrorRow[];
  readonly schedules: readonly MirrorRow[];
}

export const NO_ROWS: MirrorRows = { dags: [], runs: [], blocks: [], tries: [], backfills: [], schedules: [] };

/** What a packed task instance holds, in this order; the view `task_instance` reads it by these places: append only. */
export const INSTANCE_COLUMNS = [
  "task_id",
  "map_index",
  "ord",
  "seq",
  "state",
  "try_number",
  "max_tries",
  "scheduled_at",
  "queued_at",
  "started_at",
  "ended_at",
  "operator_name",
  "pool",
  "pool_slots",
  "queue",
  "priority_weight",
  "note",
  "rendered_map_index",
] as const;

/** The version that a run is pinned to, when the DAG's object still has it. */
export interface PinnedVersion {
  readonly version: number;
  readonly spec: DagSpec;
}

export function runRow(head: DagRunHead, pinned: PinnedVersion | null, updatedAt: number): MirrorRow {
  return {
    dag_id: head.dagId,
    run_id: head.runId,
    incarnation: head.incarnation,
    seq: head.seq,
    run_type: head.runType,
    triggered_by: head.triggeredBy,
    triggering_user: head.triggeringUser,
    state: head.state,
    end_reason: head.endReason,
    logical_date: head.logicalDate,
    data_interval_start: head.dataIntervalStart,
    data_interval_end: head.dataIntervalEnd,
    run_after: head.runAfter,
    queued_at: head.queuedAt,
    started_at: head.startedAt,
    ended_at: head.endedAt,
    conf_json: JSON.stringify(head.conf),
    note: head.note,
    backfill_id: head.backfillId,
    generation: head.generation,
    spec_hash: head.specHash,
    version_number: pinned?.version ?? null,
    updated_at: updatedAt,
  };
}

/** All rows of a push: the blocks of its changed instances, its ended tries, and with its last page the run. */
export function pushRows(push: RunStatePush, pinned: PinnedVersion | null, updatedAt: number): MirrorRows {
  const { head } = push;
  return {
    ...NO_ROWS,
    runs: push.more ? [] : [runRow(head, pinned, updatedAt)],
    blocks: blockRows(push, pinned),
    tries: push.tries.map((record) => ({
      dag_id: head.dagId,
      run_id: head.runId,
      task_id: record.taskId,
      map_index: record.mapIndex,
      try_number: record.tryNumber,
      incarnation: head.incarnation,
      state: record.state,
      queued_at: timeOrNull(record.queuedAt),
      started_at: timeOrNull(record.startedAt),
      ended_at: timeOrNull(record.endedAt),
      error: record.error,
    })),
  };
}

function blockRows({ head, instances }: RunStatePush, pinned: PinnedVersion | null): MirrorRow[] {
  const tasks = new Map<string, TaskSpec>(pinned?.spec.tasks.map((task) => [task.taskId, task]));
  const blocks = new Map<number, TaskInstanceView[]>();
  for (const instance of instances) {
    const block = Math.floor(instance.ord / INSTANCES_PER_BLOCK);
    const members = blocks.get(block);
    // One of a task that the run's version does not have any more names no task.
    const named = instance.taskId === "" ? [] : [instance];
    if (members === undefined) blocks.set(block, named);
    else members.push(...named);
  }
  return [...blocks].map(([block, members]) => ({
    dag_id: head.dagId,
    run_id: head.runId,
    block,
    incarnation: head.incarnation,
    seq: head.seq,
    instances: members.length,
    states: `,${[...new Set(members.map(({ state }) => state))].join(",")},`,
    v_json: JSON.stringify(members.map((instance) => packedInstance(instance, tasks.get(instance.taskId)))),
  }));
}

function packedInstance(instance: TaskInstanceView, task: TaskSpec | undefined): (string | number | null)[] {
  const row: Readonly<Record<(typeof INSTANCE_COLUMNS)[number], string | number | null>> = {
    task_id: instance.taskId,
    map_index: instance.mapIndex,
    ord: instance.ord,
    seq: instance.seq,
    state: instance.state === "none" ? null : instance.state,
    try_number: instance.tryNumber,
    max_tries: instance.maxTries,
    scheduled_at: timeOrNull(instance.scheduledAt),
    queued_at: timeOrNull(instance.queuedAt),
    started_at: timeOrNull(instance.startedAt),
    ended_at: timeOrNull(instance.endedAt),
    operator_name: task?.operatorName ?? null,
    pool: task?.pool ?? null,
    pool_slots: task?.poolSlots ?? null,
    queue: task?.queue ?? null,
    priority_weight: task?.priorityWeight ?? null,
    note: instance.note,
    rendered_map_index: instance.renderedMapIndex,
  };
  return INSTANCE_COLUMNS.map((column) => row[column]);
}

function timeOrNull(time: number): number | null {
  return time === 0 ? null : time;
}
