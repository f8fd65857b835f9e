/**
 * @module All metrics of the deployment as they are now, under Airflow's names. Reads totals, never runs: what it costs does not grow with the history.
 */
import { poolLimit } from "../../engine/slot-limits.ts";
import type { Env } from "../env.ts";
import { withHistory } from "../history/history-error.ts";
import { definedPools } from "../pools.ts";
import { MetricFamilies } from "./metric-families.ts";
import type { MetricFamily, MetricSample } from "./metric-families.ts";
import { DROPPED, SERIES_MAX } from "./series.ts";

/** Rows of totals (a task in one state, runs of a DAG in one state) that are exported; the rest is counted as dropped. */
const TOTALS_MAX = 10_000;
/** Pools asked for their slots: a call each. */
const POOLS_MAX = 100;

interface TaskTotal {
  readonly dag_id: string;
  readonly task_id: string;
  readonly state: string;
  readonly operator_name: string;
  readonly ended: number;
  readonly timed: number;
  readonly running_s: number;
  readonly queued_s: number;
  readonly waited: number;
  readonly scheduled_s: number;
  readonly since: number;
}

interface RunTotal {
  readonly dag_id: string;
  readonly run_type: string;
  readonly state: string;
  readonly ended: number;
  readonly running_s: number;
  readonly delayed: number;
  readonly delay_s: number;
  readonly since: number;
}

interface SeriesRow {
  readonly kind: MetricFamily["kind"];
  readonly name: string;
  readonly tags_json: string;
  readonly value: number;
  readonly count: number;
  readonly mark: number;
  readonly since: number;
}

interface Totals {
  readonly tasks: readonly TaskTotal[];
  readonly runs: readonly RunTotal[];
  readonly series: readonly SeriesRow[];
  readonly counts: { readonly dags: number; readonly import_errors: number; readonly totals: number };
}

/** Five statements, and one call for each defined pool. Throws `history_unavailable` or `not_migrated`. */
export async function readMetrics(env: Env, now: number): Promise<readonly MetricFamily[]> {
  const families = new MetricFamilies();
  const [totals] = await Promise.all([withHistory(() => readTotals(env.DB)), addPools(families, env, now)]);
  addTasks(families, totals.tasks);
  for (const row of totals.runs) addRun(families, row);
  for (const row of totals.series) addSeries(families, row);
  families.add("gauge", "dagbag_size", gauge(totals.counts.dags, {}, now));
  families.add("gauge", "dag_processing.import_errors", gauge(totals.counts.import_errors, {}, now));
  const leftOut = totals.counts.totals - totals.tasks.length - totals.runs.length + families.refused;
  families.add("gauge", "metrics_left_out", gauge(leftOut, {}, now));
  return families.list();
}

async function readTotals(db: D1Database): Promise<Totals> {
  const all = async <Row>(sql: string): Promise<readonly Row[]> => (await db.prepare(sql).all<Row>()).results;
  const [tasks, runs, series, counts] = await Promise.all([
    all<TaskTotal>(`SELECT * FROM task_total LIMIT ${TOTALS_MAX}`),
    all<RunTotal>(`SELECT * FROM run_total LIMIT ${TOTALS_MAX}`),
    all<SeriesRow>(`SELECT * FROM metric_series LIMIT ${SERIES_MAX + 1}`),
    all<
      Totals["counts"]
    >(`SELECT (SELECT count(*) FROM dag WHERE NOT is_stale) AS dags, (SELECT count(*) FROM import_error) AS import_errors,
      (SELECT count(*) FROM task_total) + (SELECT count(*) FROM run_total) AS totals`),
  ]);
  return { tasks, runs, series, counts: counts[0] ?? { dags: 0, import_errors: 0, totals: 0 } };
}

function addTasks(families: MetricFamilies, rows: readonly TaskTotal[]): void {
  // A try that another one followed does not say its operator; the task's other rows do.
  const operators = new Map<string, string>();
  for (const { dag_id: dagId, task_id: taskId, operator_name: operator } of rows)
    if (operator !== "") operators.set(JSON.stringify([dagId, taskId]), operator);
  for (const row of rows) {
    const { dag_id: dagId, task_id: taskId, state, ended, timed, since } = row;
    const tags = { dag_id: dagId, task_id: taskId };
    const total = (value: number): MetricSample => ({ tags, value, count: value, since });
    const timing = (value: number, count: number): MetricSample => ({ tags, value, count, since });
    families.add("counter", "ti.finish", { ...total(ended), tags: { ...tags, state } });
    if (timed > 0) {
      families.add("counter", "ti.start", total(timed));
      families.add("timing", "task.duration", timing(row.running_s, timed));
      families.add("timing", "task.queued_duration", timing(row.queued_s, timed));
    }
    if (row.waited > 0) families.add("timing", "task.scheduled_duration", timing(row.scheduled_s, row.waited));
    const outcome = { success: "successes", failed: "failures" }[state];
    if (outcome === undefined) continue;
    families.add("counter", `ti_${outcome}`, total(ended));
    const operator = operators.get(JSON.stringify([dagId, taskId])) ?? "";
    families.add("counter", `operator_${outcome}`, { ...total(ended), tags: { operator } });
  }
}

function addRun(families: MetricFamilies, row: RunTotal): void {
  const tags = { dag_id: row.dag_id, run_type: row.run_type };
  const { since } = row;
  families.add("timing", `dagrun.duration.${row.state}`, { tags, value: row.running_s, count: row.ended, since });
  if (row.delayed > 0)
    families.add("timing", "dagrun.schedule_delay", { tags, value: row.delay_s, count: row.delayed, since });
}

function addSeries(families: MetricFamilies, row: SeriesRow): void {
  const tags: Readonly<Record<string, string>> = JSON.parse(row.tags_json);
  const kind = row.kind === "counter" && row.mark === 1 && row.name !== DROPPED ? "gauge" : row.kind;
  families.add(kind, row.name, { tags, value: row.value, count: row.count, since: row.since });
}

/** Slots of the pools that have a size. Who holds a slot may be queued, running or deferred; its pool does not tell them apart. */
async function addPools(families: MetricFamilies, env: Env, now: number): Promise<void> {
  const pools = (await withHistory(() => definedPools(env, POOLS_MAX))).filter(({ slots }) => slots >= 0);
  const usages = await Promise.all(pools.map(({ name }) => env.SLOT.getByName(poolLimit(name)).usage()));
  for (const [i, { name, slots }] of pools.entries()) {
    const usage = usages[i];
    if (usage === undefined) continue;
    const held = usage.held.reduce((sum, holder) => sum + holder.slots, 0);
    const tags = { pool_name: name };
    families.add("gauge", "pool.open_slots", gauge(Math.max(0, slots - held), tags, now));
    families.add("gauge", "pool.running_slots", gauge(held, tags, now));
    families.add("gauge", "pool.scheduled_slots", gauge(usage.waitingSlots, tags, now));
    families.add("gauge", "pool.starving_tasks", gauge(usage.waiting, tags, now));
  }
  const starving = usages.reduce((sum, { waiting }) => sum + waiting, 0);
  families.add("gauge", "scheduler.tasks.starving", gauge(starving, {}, now));
}

function gauge(value: number, tags: Readonly<Record<string, string>>, since: number): MetricSample {
  return { tags, value, count: 1, since };
}
