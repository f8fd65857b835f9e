/**
 * @module The one table that every run has: texts by kind and number. Making a table costs two rows written in each new object, so what most runs need
 * shares this one; what few runs need has tables of its own (`tables.ts`).
 */
import { assert } from "../../lib/assert.ts";
import { chunksOf } from "./chunks.ts";
import type { Sql, SqlRow } from "./sql.ts";
import { hasNoCells } from "./tables.ts";

/** Storage format: the numbers stay. */
export const Cell = {
  /** One row, which every commit rewrites. */
  STATE: 0,
  /** What never changes, cut into pieces. */
  FIXED: 1,
  /** By block: task instances, of runs that have more than one block. */
  PACK: 2,
  /** By block: small XComs. */
  XCOMS: 3,
  /** By ord. */
  FACTS: 4,
  ERROR: 5,
  NOTE: 6,
} as const;

type CellKind = (typeof Cell)[keyof typeof Cell];

/** Characters per piece: at most 4 bytes each stays well below 1 MB, the row limit of the platform. */
const CHUNK_CHARACTERS = 200_000;

export function putCell(sql: Sql, kind: CellKind, i: number, value: string): void {
  sql.exec(
    "INSERT INTO cell (kind, i, v) VALUES (?, ?, ?) ON CONFLICT (kind, i) DO UPDATE SET v = excluded.v",
    kind,
    i,
    value,
  );
}

export function deleteCell(sql: Sql, kind: CellKind, i: number): void {
  if (hasNoCells(sql, kind)) return;
  sql.exec("DELETE FROM cell WHERE kind = ? AND i = ?", kind, i);
}

export function hasCell(sql: Sql, kind: CellKind, i: number): boolean {
  if (hasNoCells(sql, kind)) return false;
  return sql.exec("SELECT 1 FROM cell WHERE kind = ? AND i = ?", kind, i).length > 0;
}

export function readCell(sql: Sql, kind: CellKind, i: number): string | undefined {
  if (hasNoCells(sql, kind)) return undefined;
  const row = sql.exec("SELECT v FROM cell WHERE kind = ? AND i = ?", kind, i)[0];
  return row === undefined ? undefined : text(row);
}

/** Texts by number, in its order: all of a kind, or those `among`. */
export function readCells(sql: Sql, kind: CellKind, among?: readonly number[]): Map<number, string> {
  if (hasNoCells(sql, kind)) return new Map();
  const rows =
    among === undefined
      ? sql.exec("SELECT i, v FROM cell WHERE kind = ? ORDER BY i", kind)
      : sql.exec(
          "SELECT i, v FROM cell WHERE kind = ? AND i IN (SELECT value FROM json_each(?)) ORDER BY i",
          kind,
          JSON.stringify(among),
        );
  return new Map(rows.map((row) => [Number(row["i"]), text(row)]));
}

/** Numbers that have a text. */
export function cellNumbers(sql: Sql, kind: CellKind): number[] {
  if (hasNoCells(sql, kind)) return [];
  return sql.exec("SELECT i FROM cell WHERE kind = ? ORDER BY i", kind).map((row) => Number(row["i"]));
}

/** A text of any length over as many rows as it takes. */
export function writeLongText(sql: Sql, kind: CellKind, value: string): void {
  const pieces = chunksOf(value, CHUNK_CHARACTERS);
  const isFirst = hasNoCells(sql, kind);
  for (const [i, piece] of pieces.entries()) putCell(sql, kind, i, piece);
  if (!isFirst) sql.exec("DELETE FROM cell WHERE kind = ? AND i >= ?", kind, pieces.length);
}

export function readLongText(sql: Sql, kind: CellKind): string {
  return [...readCells(sql, kind).values()].join("");
}

function text(row: SqlRow): string {
  const value = row["v"];
  assert(typeof value === "string", "a row of the run is not text");
  return value;
}
