/**
 * @module Rows of the history as they are written, from the objects' own records. Zero times and the state `none` become NULL.
 */
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { RunStatePush } from "../../model/protocol.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

/** Values by column name. */
export type MirrorRow = Readonly<Record<string, string | number | null>>;

/** Rows to write together. */
export interface MirrorRows {
  readonly dags: readonly MirrorRow[];
  readonly runs: readonly MirrorRow[];
  readonly instances: readonly MirrorRow[];
  readonly tries: readonly MirrorRow[];
  readonly backfills: readonly MirrorRow[];
  readonly schedules: readonly MirrorRow[];
}

export const NO_ROWS: MirrorRows = { dags: [], runs: [], instances: [], tries: [], backfills: [], schedules: [] };

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

/** All rows of a push: the run, its changed instances, its ended tries. */
export function pushRows(push: RunStatePush, pinned: PinnedVersion | null, updatedAt: number): MirrorRows {
  const { head } = push;
  const tasks = new Map<string, TaskSpec>(pinned?.spec.tasks.map((task) => [task.taskId, task]));
  const at = (time: number): number | null => (time === 0 ? null : time);
  return {
    ...NO_ROWS,
    runs: [runRow(head, pinned, updatedAt)],
    instances: push.instances.map((instance) => {
      const task = tasks.get(instance.taskId);
      return {
        dag_id: head.dagId,
        run_id: head.runId,
        task_id: instance.taskId,
        map_index: instance.mapIndex,
        incarnation: head.incarnation,
        ord: instance.ord,
        seq: instance.seq,
        state: instance.state === "none" ? null : instance.state,
        try_number: instance.tryNumber,
        max_tries: instance.maxTries,
        logical_date: head.logicalDate,
        run_after: head.runAfter,
        scheduled_at: at(instance.scheduledAt),
        queued_at: at(instance.queuedAt),
        started_at: at(instance.startedAt),
        ended_at: at(instance.endedAt),
        operator_name: task?.operatorName ?? null,
        pool: task?.pool ?? null,
        pool_slots: task?.poolSlots ?? null,
        queue: task?.queue ?? null,
        priority_weight: task?.priorityWeight ?? null,
        note: instance.note,
        rendered_map_index: instance.renderedMapIndex,
        version_number: pinned?.version ?? null,
      };
    }),
    tries: push.tries.map((record) => ({
      dag_id: head.dagId,
      run_id: head.runId,
      task_id: record.taskId,
      map_index: record.mapIndex,
      try_number: record.tryNumber,
      incarnation: head.incarnation,
      state: record.state,
      queued_at: at(record.queuedAt),
      started_at: at(record.startedAt),
      ended_at: at(record.endedAt),
      error: record.error,
    })),
  };
}
