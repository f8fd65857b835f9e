/**
 * @module Lists of task instances across runs and DAGs. One run's instances are read from its object.
 */
import { Conditions, listPage } from "./list-query.ts";
import { INSTANCE_COLUMNS } from "../mirror-rows.ts";
import type { Bounds, Listed, ListSource, Page } from "./list-query.ts";

/** A task instance of the history. Times epoch ms, null state = none. */
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

const DEFAULT_ORDER = ["run_after", "map_index"] as const;
/** SQL of each value of a packed instance. */
const AT = Object.fromEntries(INSTANCE_COLUMNS.map((column, i) => [column, `(t.value ->> ${i})`])) as Readonly<
  Record<(typeof INSTANCE_COLUMNS)[number], string>
>;

const DURATION_SECONDS = `((${AT.ended_at} - ${AT.started_at}) / 1000.0)`;

/** Words of `order_by`. */
export const TASK_INSTANCE_ORDER = {
  id: "r.run_after",
  dag_id: "r.dag_id",
  run_id: "r.run_id",
  task_id: AT.task_id,
  map_index: AT.map_index,
  state: AT.state,
  run_after: "r.run_after",
  logical_date: "r.logical_date",
  start_date: AT.started_at,
  end_date: AT.ended_at,
  queued_when: AT.queued_at,
  try_number: AT.try_number,
  duration: DURATION_SECONDS,
  pool: AT.pool,
  operator: AT.operator_name,
} as const;

const COLUMNS = [
  "r.dag_id, r.run_id, r.incarnation, r.logical_date, r.run_after, r.version_number, r.spec_hash, r.run_type, dag.display_name AS dag_display_name",
  ...INSTANCE_COLUMNS.map((column) => `${AT[column]} AS ${column}`),
].join(", ");

const BLOCKS =
  "CROSS JOIN task_instance_block b ON b.dag_id = r.dag_id AND b.run_id = r.run_id AND b.incarnation = r.incarnation";

/**
 * Runs come first, in the order of the index where the list is ordered by their time, then their blocks: a page reads as many blocks as it takes to
 * fill it. A total without conditions on instances adds up the blocks' counts.
 */
export function listTaskInstances(
  db: D1Database,
  filters: TaskInstanceFilters,
  page: Page,
): Promise<Listed<TaskInstanceRow>> {
  const conditions = new Conditions();
  if (filters.dagIds?.length === 1) conditions.equals("r.dag_id", filters.dagIds[0]);
  else conditions.oneOf("r.dag_id", filters.dagIds);
  conditions
    .oneOf("r.run_id", filters.runIds)
    .matches("r.dag_id", filters.dagIdPattern)
    .matches("r.run_id", filters.runIdPattern)
    .oneOf("r.version_number", filters.versionNumbers)
    .within("r.run_after", filters.runAfter)
    .within("r.logical_date", filters.logicalDate);
  const ofRuns = conditions.where;
  const states = filters.states ?? [];
  // Blocks without such a state are not opened.
  if (states.length > 0)
    conditions.add(
      `(${states.map(() => "instr(b.states, ?)").join(" OR ")})`,
      ...states.map((state) => `,${state ?? "none"},`),
    );
  conditions
    .oneOf(AT.task_id, filters.taskIds)
    .matches(AT.task_id, filters.taskIdPattern)
    .oneOf(AT.state, filters.states)
    .oneOf(AT.pool, filters.pools)
    .oneOf(AT.queue, filters.queues)
    .oneOf(AT.operator_name, filters.operatorNames)
    .oneOf(AT.try_number, filters.tryNumbers)
    .oneOf(AT.map_index, filters.mapIndexes)
    .within(AT.started_at, filters.startDate)
    .within(AT.ended_at, filters.endDate)
    .within(DURATION_SECONDS, filters.duration);
  const instances = `${BLOCKS} CROSS JOIN json_each(b.v_json) t`;
  const source: ListSource = {
    columns: COLUMNS,
    from: `dag_run r ${indexHint(filters, page)} ${instances} LEFT JOIN dag ON dag.dag_id = r.dag_id`,
    order: TASK_INSTANCE_ORDER,
    neverNull: ["r.run_after", "r.dag_id", "r.run_id", AT.map_index, AT.task_id],
    defaultOrder: DEFAULT_ORDER,
    tieBreaker: `r.dag_id, r.run_id, ${AT.ord}`,
    count:
      conditions.where === ofRuns
        ? { value: "coalesce(sum(b.instances), 0)", from: `dag_run r ${BLOCKS}` }
        : { value: "count(*)", from: `dag_run r ${instances}` },
  };
  return listPage<TaskInstanceRow>(db, source, conditions, page);
}

/** The planner takes no index for the order of the outermost table alone, so it is named: then only instances of runs of the same instant are sorted. */
function indexHint({ dagIds, runIds }: TaskInstanceFilters, { orderBy = DEFAULT_ORDER }: Page): string {
  const [first = DEFAULT_ORDER[0]] = orderBy;
  if (!/^-?(id|run_after)$/.test(first) || (runIds ?? []).length > 0) return "";
  const dags = (dagIds ?? []).length;
  if (dags > 1) return "";
  return `INDEXED BY ${dags === 1 ? "dag_run_dag_run_after" : "dag_run_run_after"}`;
}
