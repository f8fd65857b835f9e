/**
 * @module The rows of notices under way: one from the moment its message was sent until it is through; from then on it is the delivery log.
 */
import type { Notice, NoticeRecord } from "../../model/notice.ts";
import type { LiveRun } from "./live-run.ts";
import type { Sql } from "./sql.ts";

/** What a row holds beside its place and time. */
export interface NoticeRow extends NoticeRecord {
  /** Messages since the last sign of life: doubles the interval. */
  readonly sends: number;
}

/** Notices of a run that are listed. */
const LIST_MAX = 1000;

/** Their message is sent: from now on the rows watch over them. A row that is there stays: its Worker was faster. Inside a transaction. */
export function insertNotices(sql: Sql, live: LiveRun, notices: readonly Notice[], dueAt: number): void {
  for (const notice of notices) {
    if (readNotice(sql, notice.id) !== null) continue;
    writeNotice(sql, { notice, state: "waiting", attempts: 0, dueAt, tries: [], sends: 1 });
    live.noticesAt = Math.min(live.noticesAt ?? dueAt, dueAt);
  }
}

/** When the next row is due, or null. */
export function noticesDueAt(sql: Sql): number | null {
  const at = sql.exec("SELECT min(at) AS at FROM notice WHERE at > 0")[0]?.["at"];
  return typeof at === "number" ? at : null;
}

export function readDueNotices(sql: Sql, now: number, limit: number): readonly NoticeRow[] {
  return rowsOf(sql.exec("SELECT v FROM notice WHERE at > 0 AND at <= ? ORDER BY at LIMIT ?", now, limit));
}

/** Everything that was told or is to be told, in the order in which it arose. */
export function readNotices(sql: Sql): readonly NoticeRow[] {
  return rowsOf(sql.exec("SELECT v FROM notice ORDER BY n LIMIT ?", LIST_MAX));
}

export function readNotice(sql: Sql, id: string): NoticeRow | null {
  return rowsOf(sql.exec("SELECT v FROM notice WHERE id = ?", id))[0] ?? null;
}

export function writeNotice(sql: Sql, row: NoticeRow): void {
  sql.exec(
    "INSERT INTO notice (id, n, at, v) VALUES (?, (SELECT coalesce(max(n), 0) + 1 FROM notice), ?, ?) " +
      "ON CONFLICT (id) DO UPDATE SET at = excluded.at, v = excluded.v",
    row.notice.id,
    row.dueAt ?? 0,
    JSON.stringify(row),
  );
}

function rowsOf(rows: readonly Readonly<Record<string, unknown>>[]): NoticeRow[] {
  return rows.map(({ v }) => JSON.parse(String(v)) as NoticeRow);
}
