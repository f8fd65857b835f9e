/**
 * @module Airflow's built-in metrics, counted by the write to the history itself: what a row says that the row before it did not say is new. A statement runs
 * before the upsert of the same rows and in its transaction, so a repeated, late or concurrent push counts nothing twice. Off, nothing of it runs.
 */
import { INSTANCE_COLUMNS } from "./mirror-rows.ts";

const ENDED = "('success', 'failed', 'skipped', 'upstream_failed')";

/** Reads one field of a packed instance. */
function field(value: string, column: (typeof INSTANCE_COLUMNS)[number]): string {
  return `${value} ->> ${INSTANCE_COLUMNS.indexOf(column)}`;
}

/** Seconds between two times, for a sum; 0 where one is missing or clocks differ. */
function seconds(from: string, to: string): string {
  return `coalesce(max(0, ${to} - ${from}), 0) / 1000.0`;
}

const TASK_TOTALS = `
  INSERT INTO task_total AS t (dag_id, task_id, state, operator_name, ended, timed, running_s, queued_s, waited, scheduled_s, since)
  SELECT dag_id, task_id, state, max(operator_name), count(*), count(started_at), sum(${seconds("started_at", "ended_at")}),
    sum(${seconds("queued_at", "started_at")}), count(scheduled_at + queued_at), sum(${seconds("scheduled_at", "queued_at")}), min(coalesce(started_at, ended_at, 0))
  FROM fresh WHERE true GROUP BY dag_id, task_id, state
  ON CONFLICT (dag_id, task_id, state) DO UPDATE SET operator_name = iif(excluded.operator_name = '', t.operator_name, excluded.operator_name),
    ended = t.ended + excluded.ended, timed = t.timed + excluded.timed, running_s = t.running_s + excluded.running_s,
    queued_s = t.queued_s + excluded.queued_s, waited = t.waited + excluded.waited, scheduled_s = t.scheduled_s + excluded.scheduled_s`;

/** Instances that have ended and had not in the block before. */
const BLOCKS = `
  known AS MATERIALIZED (SELECT b.dag_id, b.run_id, b.incarnation, ${field("o.value", "ord")} AS ord, ${field("o.value", "try_number")} AS try_number
    FROM (SELECT DISTINCT dag_id, run_id, block FROM pushed) p JOIN task_instance_block b USING (dag_id, run_id, block) JOIN json_each(b.v_json) o
    WHERE ${field("o.value", "state")} IN ${ENDED}),
  fresh AS (SELECT p.dag_id, ${field("i.value", "task_id")} AS task_id, ${field("i.value", "state")} AS state,
    coalesce(${field("i.value", "operator_name")}, '') AS operator_name, ${field("i.value", "scheduled_at")} AS scheduled_at,
    ${field("i.value", "queued_at")} AS queued_at, ${field("i.value", "started_at")} AS started_at, ${field("i.value", "ended_at")} AS ended_at
  FROM pushed p LEFT JOIN task_instance_block b ON b.dag_id = p.dag_id AND b.run_id = p.run_id AND b.block = p.block
    JOIN json_each(p.v_json) i
  WHERE (b.seq IS NULL OR (p.incarnation, p.seq) > (b.incarnation, b.seq)) AND ${field("i.value", "state")} IN ${ENDED}
    AND (p.dag_id, p.run_id, p.incarnation, ${field("i.value", "ord")}, ${field("i.value", "try_number")})
      NOT IN (SELECT dag_id, run_id, incarnation, ord, try_number FROM known)
  GROUP BY p.dag_id, p.run_id, ${field("i.value", "ord")}, ${field("i.value", "try_number")})${TASK_TOTALS}`;

/** Tries that another one followed, unless they were counted as their instance's state, as before a clear. */
const TRIES = `
  fresh AS (SELECT p.dag_id, p.task_id, p.state, '' AS operator_name, NULL AS scheduled_at, p.queued_at, p.started_at, p.ended_at
  FROM pushed p
  WHERE NOT EXISTS (SELECT 1 FROM task_instance_try o WHERE o.dag_id = p.dag_id AND o.run_id = p.run_id AND o.task_id = p.task_id
      AND o.map_index = p.map_index AND o.try_number = p.try_number AND o.incarnation >= p.incarnation)
    AND NOT EXISTS (SELECT 1 FROM task_instance_block b JOIN json_each(b.v_json) i
      WHERE b.dag_id = p.dag_id AND b.run_id = p.run_id AND b.incarnation = p.incarnation AND ${field("i.value", "task_id")} = p.task_id
        AND ${field("i.value", "map_index")} = p.map_index AND ${field("i.value", "try_number")} = p.try_number
        AND ${field("i.value", "state")} IN ${ENDED})
  GROUP BY p.dag_id, p.run_id, p.task_id, p.map_index, p.try_number)${TASK_TOTALS}`;

/** Runs that have ended and had not, or at another time. */
const RUNS = `
  fresh AS (SELECT p.*, p.run_type = 'scheduled' AND p.generation = 0 AS is_delay FROM pushed p
  LEFT JOIN dag_run r ON r.dag_id = p.dag_id AND r.run_id = p.run_id
  WHERE p.state IN ('success', 'failed')
    AND (r.seq IS NULL OR ((p.incarnation, p.seq) > (r.incarnation, r.seq) AND (r.incarnation <> p.incarnation OR r.ended_at IS NOT p.ended_at)))
  GROUP BY p.dag_id, p.run_id, p.incarnation, p.ended_at)
  INSERT INTO run_total AS t (dag_id, run_type, state, ended, running_s, delayed, delay_s, since)
  SELECT dag_id, run_type, state, count(*), sum(${seconds("started_at", "ended_at")}), sum(is_delay),
    sum(is_delay * ${seconds("run_after", "started_at")}), min(coalesce(started_at, ended_at, 0))
  FROM fresh WHERE true GROUP BY dag_id, run_type, state
  ON CONFLICT (dag_id, run_type, state) DO UPDATE SET ended = t.ended + excluded.ended, running_s = t.running_s + excluded.running_s,
    delayed = t.delayed + excluded.delayed, delay_s = t.delay_s + excluded.delay_s`;

const COUNTED: Readonly<Record<string, string>> = {
  dag_run: RUNS,
  task_instance_block: BLOCKS,
  task_instance_try: TRIES,
};

/** The statement that counts what rows of a table bring; it takes the same list of rows as their upsert. Undefined: nothing of that table is counted. */
export function countingSql(table: string, columns: readonly string[]): string | undefined {
  const counted = COUNTED[table];
  if (counted === undefined) return undefined;
  const named = columns.map((column, i) => `value ->> ${i} AS ${column}`).join(", ");
  return `WITH pushed AS (SELECT ${named} FROM json_each(?)),${counted}`;
}
