/**
 * @module The `schedule` table: schedules made at run time, by when they fire next. A deleted one stays until the history knows.
 */
import type { RunId } from "../../model/ids.ts";
import type { RunSchedule } from "../../model/run-schedule.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { text } from "./storage.ts";

/** Rows written to the history in one go. */
const OWED_PAGE = 500;

export interface OpenRun {
  readonly runId: RunId;
  readonly pending: number;
}

/** Creates or replaces. `seq` is a time, so that a schedule deleted and made again is above its life before. */
export function putSchedule(sql: Sql, schedule: RunSchedule, now: number, isDeleted = false): void {
  sql.exec(
    `INSERT INTO schedule (schedule_id, next_at, is_deleted, v, seq, mirrored_seq) VALUES (?, ?, ?, ?, ?, 0)
    ON CONFLICT (schedule_id) DO UPDATE SET next_at = excluded.next_at, is_deleted = excluded.is_deleted, v = excluded.v, seq = max(seq + 1, excluded.seq)`,
    schedule.scheduleId,
    isDeleted ? null : schedule.nextRunAt,
    Number(isDeleted),
    JSON.stringify(schedule),
    now,
  );
}

export function findSchedule(sql: Sql, scheduleId: string): RunSchedule | null {
  const row = sql.exec("SELECT v FROM schedule WHERE schedule_id = ? AND is_deleted = 0", scheduleId)[0];
  return row === undefined ? null : scheduleOf(row);
}

/** Schedules whose fire is due, earliest first. */
export function dueSchedules(sql: Sql, now: number, limit: number): readonly RunSchedule[] {
  return sql
    .exec("SELECT v FROM schedule WHERE next_at <= ? ORDER BY next_at, schedule_id LIMIT ?", now, limit)
    .map(scheduleOf);
}

/** When the next schedule fires; null when none does. */
export function nextFireAt(sql: Sql): number | null {
  const at = sql.exec("SELECT min(next_at) AS at FROM schedule WHERE next_at IS NOT NULL")[0]?.["at"];
  return typeof at === "number" ? at : null;
}

/** `scheduled__<schedule id>__<time>`: the ids of a schedule's runs begin so. A schedule id holds no `__`, so no two share a beginning. */
export function runIdsOf(scheduleId: string): string {
  return `scheduled__${scheduleId}__`;
}

/** Runs of schedules made at run time that are not over, by schedule: all open runs of the DAG are read once, however many schedules fire. */
export function openRunsBySchedule(sql: Sql): ReadonlyMap<string, readonly OpenRun[]> {
  const query =
    "SELECT run_id, pending FROM run WHERE state IN ('queued', 'running') AND run_type = 'scheduled' AND logical_date IS NULL";
  const runs = new Map<string, OpenRun[]>();
  for (const row of sql.exec(query)) {
    const runId = text(row, "run_id");
    const scheduleId = runId.split("__")[1] ?? "";
    const known = runs.get(scheduleId);
    const run = { runId, pending: Number(row["pending"]) };
    if (known === undefined) runs.set(scheduleId, [run]);
    else known.push(run);
  }
  return runs;
}

/** The history has lost its rows. */
export function oweSchedules(sql: Sql): void {
  sql.exec("UPDATE schedule SET mirrored_seq = -1");
}

/** Rows that the history lacks, and what is to be noted when it has them. */
export function owedSchedules(sql: Sql): { readonly rows: readonly MirrorRow[]; readonly written: () => void } {
  const query = "SELECT schedule_id, is_deleted, v, seq FROM schedule WHERE seq > mirrored_seq ORDER BY seq LIMIT ?";
  const owed = sql.exec(query, OWED_PAGE);
  return {
    rows: owed.map(mirrorRow),
    written: () => {
      for (const row of owed) {
        const key = [row["schedule_id"] ?? "", row["seq"] ?? 0] as const;
        sql.exec("DELETE FROM schedule WHERE schedule_id = ? AND seq = ? AND is_deleted = 1", ...key);
        sql.exec("UPDATE schedule SET mirrored_seq = ?2 WHERE schedule_id = ?1 AND mirrored_seq < ?2", ...key);
      }
    },
  };
}

function scheduleOf(row: SqlRow): RunSchedule {
  const schedule: RunSchedule = JSON.parse(text(row, "v"));
  return schedule;
}

function mirrorRow(row: SqlRow): MirrorRow {
  const schedule = scheduleOf(row);
  return {
    schedule_id: schedule.scheduleId,
    dag_id: schedule.dagId,
    schedule_json: JSON.stringify(schedule),
    conf_json: "{}",
    is_active: Number(schedule.nextRunAt !== null),
    created_by: schedule.createdBy,
    created_at: schedule.createdAt,
    schedule_key: schedule.key,
    next_run_at: schedule.nextRunAt,
    is_deleted: row["is_deleted"] ?? 0,
    seq: row["seq"] ?? 0,
  };
}
