/**
 * @module XComs of a run: one row per task instance and key. Values are read when an attempt is claimed, never kept in memory.
 */
import type { Sql, SqlRow } from "./sql.ts";
import type { XComValue, XComWrite } from "../../model/xcom.ts";

export interface XComRow {
  readonly ord: number;
  readonly key: string;
  readonly writtenAt: number;
  readonly value: XComValue;
}

export function writeXComs(sql: Sql, ord: number, xcoms: readonly XComWrite[], now: number): void {
  for (const { key, value } of xcoms)
    sql.exec("INSERT OR REPLACE INTO xcom (ord, key, at, v) VALUES (?, ?, ?, ?)", ord, key, now, JSON.stringify(value));
}

export function clearXComs(sql: Sql, ord: number): void {
  sql.exec("DELETE FROM xcom WHERE ord = ?", ord);
}

/** True when there was one. */
export function deleteXCom(sql: Sql, ord: number, key: string): boolean {
  return sql.exec("DELETE FROM xcom WHERE ord = ? AND key = ? RETURNING ord", ord, key).length > 0;
}

export function hasXCom(sql: Sql, ord: number, key: string): boolean {
  return sql.exec("SELECT 1 FROM xcom WHERE ord = ? AND key = ?", ord, key).length > 0;
}

/** Stored characters under `key` of all `ords` together, without reading the values. */
export function sizeOfXComs(sql: Sql, ords: readonly number[], key: string): number {
  const statement = `SELECT coalesce(sum(length(v)), 0) AS size FROM xcom WHERE ord IN (SELECT value FROM json_each(?)) AND key = ?`;
  return Number(sql.exec(statement, JSON.stringify(ords), key)[0]?.["size"] ?? 0);
}

/** The values under `key` of `ords`, in order of ord; those without one left out. */
export function readXComsOfOrds(sql: Sql, ords: readonly number[], key: string): readonly XComRow[] {
  const statement =
    "SELECT ord, key, at, v FROM xcom WHERE ord IN (SELECT value FROM json_each(?)) AND key = ? ORDER BY ord";
  return sql.exec(statement, JSON.stringify(ords), key).map(xcomRow);
}

/** In order of ord and key, behind `after`, at most `limit`; ords are chosen by the caller page by page. */
export function readXComsOf(
  sql: Sql,
  ord: number,
  key: string | null,
  afterKey: string | null,
  limit: number,
): readonly XComRow[] {
  return sql
    .exec(
      "SELECT ord, key, at, v FROM xcom WHERE ord = ?1 AND (?2 IS NULL OR key = ?2) AND (?3 IS NULL OR key > ?3) ORDER BY key LIMIT ?4",
      ord,
      key,
      afterKey,
      limit,
    )
    .map(xcomRow);
}

/** Ords that have an XCom, ascending from `fromOrd` on. */
export function ordsWithXComs(sql: Sql, fromOrd: number, limit: number): readonly number[] {
  return sql
    .exec("SELECT DISTINCT ord FROM xcom WHERE ord >= ? ORDER BY ord LIMIT ?", fromOrd, limit)
    .map((row) => Number(row["ord"]));
}

function xcomRow(row: SqlRow): XComRow {
  return {
    ord: Number(row["ord"]),
    key: String(row["key"]),
    writtenAt: Number(row["at"]),
    value: JSON.parse(String(row["v"])) as XComValue,
  };
}
