/**
 * @module What is remembered of removed runs. For a day their incarnation, so that nothing of them comes back by a late call or push. Of those that
 * retention removed also the logical date, until the schedule has passed it: a paused DAG that catches up later must not make such a run again.
 */
import type { Incarnation } from "../../model/ids.ts";
import type { Sql } from "../dag-run/sql.ts";
import type { RunRow } from "./run-rows.ts";

const REMEMBERED_MS = 24 * 3_600_000;

/** `keepsDate`: the schedule must not make a run with its logical date. */
export function noteRemoved(
  sql: Sql,
  { incarnation, logicalDate }: Pick<RunRow, "incarnation" | "logicalDate">,
  keepsDate: boolean,
  now: number,
): void {
  sql.exec(
    "INSERT OR REPLACE INTO removed_run (incarnation, logical_date, at) VALUES (?, ?, ?)",
    incarnation,
    keepsDate ? logicalDate : null,
    now,
  );
}

export function isRemoved(sql: Sql, incarnation: Incarnation): boolean {
  return sql.exec("SELECT 1 FROM removed_run WHERE incarnation = ?", incarnation).length > 0;
}

/** True when retention has removed the run of this logical date before the schedule came to it. */
export function isDateRemoved(sql: Sql, logicalDate: number): boolean {
  return sql.exec("SELECT 1 FROM removed_run WHERE logical_date = ?", logicalDate).length > 0;
}

/** Drops what nobody can ask for any more. `passed`: up to this logical date the schedule is through. */
export function deleteRemovedBefore(sql: Sql, now: number, passed: number): void {
  sql.exec(
    "DELETE FROM removed_run WHERE at < ? AND (logical_date IS NULL OR logical_date <= ?)",
    now - REMEMBERED_MS,
    passed,
  );
}
