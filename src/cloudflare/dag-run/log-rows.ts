/**
 * @module Log lines of a run while it is in flight (and for good when they are few): pieces of whole lines per task instance and try.
 */
import type { LogArchivePart } from "../log-store.ts";
import type { Sql } from "./sql.ts";
import { lineChunksOf } from "./chunks.ts";

/** Characters per row: far below the row limit, few rows for a long log. */
const PIECE_CHARACTERS = 200_000;

export function appendLog(sql: Sql, ord: number, tryNumber: number, text: string): void {
  const last = sql.exec("SELECT max(n) AS n FROM log WHERE ord = ? AND try = ?", ord, tryNumber)[0]?.["n"];
  let n = typeof last === "number" ? last + 1 : 0;
  for (const piece of lineChunksOf(text, PIECE_CHARACTERS))
    sql.exec(
      "INSERT INTO log (ord, try, n, lines, v) VALUES (?, ?, ?, ?, ?)",
      ord,
      tryNumber,
      n++,
      piece.lines,
      piece.text,
    );
}

/** Characters of all log rows. */
export function logSize(sql: Sql): number {
  return Number(sql.exec("SELECT coalesce(sum(length(v)), 0) AS size FROM log")[0]?.["size"] ?? 0);
}

export function deleteLogs(sql: Sql): void {
  sql.exec("DELETE FROM log");
}

/** Which attempts have log rows, in order. */
export function loggedAttempts(sql: Sql): readonly { readonly ord: number; readonly tryNumber: number }[] {
  return sql
    .exec("SELECT DISTINCT ord, try FROM log ORDER BY ord, try")
    .map((row) => ({ ord: Number(row["ord"]), tryNumber: Number(row["try"]) }));
}

/** All lines of one try, as stored. */
export function readLogText(sql: Sql, ord: number, tryNumber: number): string {
  return sql
    .exec("SELECT v FROM log WHERE ord = ? AND try = ? ORDER BY n", ord, tryNumber)
    .map((row) => String(row["v"]))
    .join("");
}

/** Lines `offset` to `offset + limit` of one try, reading only the rows that hold them. */
export function readLogLines(
  sql: Sql,
  ord: number,
  tryNumber: number,
  offset: number,
  limit: number,
): { readonly lines: readonly string[]; readonly total: number } {
  const lines: string[] = [];
  let position = 0;
  for (const row of sql.exec("SELECT n, lines FROM log WHERE ord = ? AND try = ? ORDER BY n", ord, tryNumber)) {
    const count = Number(row["lines"]);
    const wanted = position + count > offset && position < offset + limit;
    if (wanted) {
      const text = String(
        sql.exec("SELECT v FROM log WHERE ord = ? AND try = ? AND n = ?", ord, tryNumber, Number(row["n"]))[0]?.["v"],
      );
      const from = Math.max(0, offset - position);
      lines.push(...text.split("\n").slice(from, Math.min(count, offset + limit - position)));
    }
    position += count;
  }
  return { lines, total: position };
}

/** The index of one archived object; the texts themselves are in R2. */
export function insertLogArchive(sql: Sql, generation: number, part: number, index: LogArchivePart): void {
  const statement = "INSERT OR REPLACE INTO log_archive (generation, part, v) VALUES (?, ?, ?)";
  sql.exec(statement, generation, part, JSON.stringify(index));
}

export function readLogArchive(sql: Sql): readonly LogArchivePart[] {
  return sql
    .exec("SELECT v FROM log_archive ORDER BY generation, part")
    .map((row) => JSON.parse(String(row["v"])) as LogArchivePart);
}
