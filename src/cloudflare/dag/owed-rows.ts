/**
 * @module Rows of backfills and schedules that the history lacks. Each carries a sequence above the one the history has: that is the order to write it.
 */
import type { Sql } from "../dag-run/sql.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { owedBackfills } from "./backfill-rows.ts";
import { owedSchedules } from "./schedule-rows.ts";

export interface OwedRows {
  readonly backfills: readonly MirrorRow[];
  readonly schedules: readonly MirrorRow[];
  readonly count: number;
  /** Notes that the history has them. */
  readonly written: () => void;
}

/** A page of them. */
export function owedRows(sql: Sql): OwedRows {
  const backfills = owedBackfills(sql);
  const schedules = owedSchedules(sql);
  return {
    backfills: backfills.rows,
    schedules: schedules.rows,
    count: backfills.rows.length + schedules.rows.length,
    written: () => {
      backfills.written();
      schedules.written();
    },
  };
}

/** True when the history lacks any. */
export function isHistoryOwed(sql: Sql): boolean {
  const backfills = "EXISTS (SELECT 1 FROM backfill WHERE seq > mirrored_seq)";
  return (
    sql.exec(`SELECT ${backfills} OR EXISTS (SELECT 1 FROM schedule WHERE seq > mirrored_seq) AS owed`)[0]?.["owed"] ===
    1
  );
}
