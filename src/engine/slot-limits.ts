/**
 * @module Which limits across runs a task is under, in the order in which they are asked: narrow ones first, the pool last, so that nobody holds a pool's
 * slot while he waits for another limit, and nobody waits in a circle.
 */
import type { DagSpec } from "../model/dag-spec.ts";
import type { SlotLimit } from "../model/slot.ts";
import type { TaskSpec } from "../model/task-spec.ts";

/** Airflow's pool of all tasks that name none. Nobody asks for its slots until somebody limits it. */
export const DEFAULT_POOL = "default_pool";

/** Name of a pool's limit. */
export function poolLimit(pool: string): string {
  return `pool:${pool}`;
}

/** All limits of a task, `default_pool` included. */
export function slotLimits(spec: DagSpec, task: TaskSpec): readonly SlotLimit[] {
  const limits: SlotLimit[] = [];
  if (task.maxActiveTisPerDag !== null) {
    limits.push({ name: `tis:${spec.dagId}/${task.taskId}`, slots: 1, limit: task.maxActiveTisPerDag });
  }
  limits.push({ name: poolLimit(task.pool), slots: task.poolSlots, limit: null });
  return limits;
}
