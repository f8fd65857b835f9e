/**
 * @module Lists of task instances across runs and DAGs. One run's instances are read from its object.
 */
import { Conditions, listPage } from "./list-query.ts";
import type { Bounds, Listed, ListSource, Page } from "./list-query.ts";

/** A row of `task_instance`. Times epoch ms, null state = none. */
export interface TaskInstanceRow {
  readonly dag_id: string;
  readonly run_id: string;
  readonly task_id: string;
  readonly map_index: number;
  readonly incarnation: string;
  readonly ord: number;
  readonly seq: number;
  readonly state: string | null;
  readonly try_number: number;
  readonly max_tries: number;
  readonly logical_date: number | null;
  readonly run_after: number;
  readonly scheduled_at: number | null;
  readonly queued_at: number | null;
  readonly started_at: number | null;
  readonly ended_at: number | null;
  readonly operator_name: string | null;
  readonly pool: string | null;
  readonly pool_slots: number | null;
  readonly queue: string | null;
  readonly priority_weight: number | null;
  readonly note: string | null;
  readonly rendered_map_index: string | null;
  readonly version_number: number | null;
  readonly dag_display_name: string | null;
  /** Of its run. */
  readonly spec_hash: string | null;
  readonly run_type: string | null;
}

export interface TaskInstanceFilters {
  readonly dagIds?: readonly string[] | undefined;
  readonly runIds?: readonly string[] | undefined;
  readonly taskIds?: readonly string[] | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly runIdPattern?: string | undefined;
  readonly taskIdPattern?: string | undefined;
  /** `null` in the list = no state yet. */
  readonly states?: readonly (string | null)[] | undefined;
  readonly pools?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly operatorNames?: readonly string[] | undefined;
  readonly tryNumbers?: readonly number[] | undefined;
  readonly mapIndexes?: readonly number[] | undefined;
  readonly versionNumbers?: readonly number[] | undefined;
  readonly runAfter?: Bounds | undefined;
  readonly logicalDate?: Bounds | undefined;
  readonly startDate?: Bounds | undefined;
  readonly endDate?: Bounds | undefined;
  /** Seconds. */
  readonly duration?: Bounds | undefined;
}

const DURATION_SECONDS = "((task_instance.ended_at - task_instance.started_at) / 1000.0)";

/** Words of `order_by`. */
export const TASK_INSTANCE_ORDER = {
  id: "task_instance.run_after",
  dag_id: "task_instance.dag_id",
  run_id: "task_instance.run_id",
  task_id: "task_instance.task_id",
  map_index: "task_instance.map_index",
  state: "task_instance.state",
  run_after: "task_instance.run_after",
  logical_date: "task_instance.logical_date",
  start_date: "task_instance.started_at",
  end_date: "task_instance.ended_at",
  queued_when: "task_instance.queued_at",
  try_number: "task_instance.try_number",
  duration: DURATION_SECONDS,
  pool: "task_instance.pool",
  operator: "task_instance.operator_name",
} as const;

const SOURCE: ListSource = {
  columns: "task_instance.*, dag.display_name AS dag_display_name, dag_run.spec_hash, dag_run.run_type",
  from: `task_instance LEFT JOIN dag ON dag.dag_id = task_instance.dag_id
    LEFT JOIN dag_run ON dag_run.dag_id = task_instance.dag_id AND dag_run.run_id = task_instance.run_id`,
  order: TASK_INSTANCE_ORDER,
  defaultOrder: ["run_after", "map_index"],
  tieBreaker: "task_instance.dag_id, task_instance.run_id, task_instance.ord",
};

export function listTaskInstances(
  db: D1Database,
  filters: TaskInstanceFilters,
  page: Page,
): Promise<Listed<TaskInstanceRow>> {
  const conditions = new Conditions()
    .oneOf("task_instance.dag_id", filters.dagIds)
    .oneOf("task_instance.run_id", filters.runIds)
    .oneOf("task_instance.task_id", filters.taskIds)
    .matches("task_instance.dag_id", filters.dagIdPattern)
    .matches("task_instance.run_id", filters.runIdPattern)
    .matches("task_instance.task_id", filters.taskIdPattern)
    .oneOf("task_instance.state", filters.states)
    .oneOf("task_instance.pool", filters.pools)
    .oneOf("task_instance.queue", filters.queues)
    .oneOf("task_instance.operator_name", filters.operatorNames)
    .oneOf("task_instance.try_number", filters.tryNumbers)
    .oneOf("task_instance.map_index", filters.mapIndexes)
    .oneOf("task_instance.version_number", filters.versionNumbers)
    .within("task_instance.run_after", filters.runAfter)
    .within("task_instance.logical_date", filters.logicalDate)
    .within("task_instance.started_at", filters.startDate)
    .within("task_instance.ended_at", filters.endDate)
    .within(DURATION_SECONDS, filters.duration);
  return listPage<TaskInstanceRow>(db, SOURCE, conditions, page);
}
