/**
 * @module XComs of a run. Small values share a row with those of the 64 instances of their block, so that a report writes one row however many it
 * brings; larger ones have a row each. Values are read when an attempt is claimed, never kept in memory.
 */
import { Cell, deleteCell, putCell, readCell, readCells } from "./cells.ts";
import { blockOf } from "./rows.ts";
import { INSTANCES_PER_BLOCK } from "../../model/task-instance.ts";
import type { Sql, SqlRow } from "./sql.ts";
import type { XComValue, XComWrite } from "../../model/xcom.ts";

export interface XComRow {
  readonly ord: number;
  readonly key: string;
  readonly writtenAt: number;
  readonly value: XComValue;
}

/** Small XComs of one block: by ord, `[key, written at, value]`. */
type XComPack = Record<string, [string, number, XComValue][]>;

/** Stored characters of a value that may share a row, and of such a row: each report reads and writes it whole. */
const SMALL_CHARACTERS_MAX = 1_000;
const PACK_CHARACTERS_MAX = 32_000;
/** Blocks read together. */
const BLOCKS_PER_PAGE = 32;

/** What instances wrote, all of one event together. A key that is there already gets the new value. */
export function writeXComs(
  sql: Sql,
  written: readonly { readonly ord: number; readonly xcoms: readonly XComWrite[] }[],
  now: number,
): void {
  for (const [block, members] of byBlock(written)) {
    const before = readCell(sql, Cell.XCOMS, block);
    const pack = parsedPack(before);
    let characters = before?.length ?? 0;
    for (const { ord, xcoms } of members) {
      for (const { key, value } of xcoms) {
        const text = JSON.stringify(value);
        deleteXComRow(sql, ord, key);
        removeFrom(pack, ord, key);
        characters += text.length;
        if (text.length <= SMALL_CHARACTERS_MAX && characters <= PACK_CHARACTERS_MAX)
          (pack[ord] ??= []).push([key, now, value]);
        else sql.exec("INSERT OR REPLACE INTO xcom (ord, key, at, v) VALUES (?, ?, ?, ?)", ord, key, now, text);
      }
    }
    writePack(sql, block, pack, before);
  }
}

export function clearXComs(sql: Sql, ords: readonly number[]): void {
  for (const [block, members] of byBlock(ords.map((ord) => ({ ord })))) {
    const before = readCell(sql, Cell.XCOMS, block);
    const pack = parsedPack(before);
    for (const { ord } of members) {
      delete pack[ord];
      sql.exec("DELETE FROM xcom WHERE ord = ?", ord);
    }
    writePack(sql, block, pack, before);
  }
}

/** True when there was one. */
export function deleteXCom(sql: Sql, ord: number, key: string): boolean {
  if (deleteXComRow(sql, ord, key)) return true;
  const before = readCell(sql, Cell.XCOMS, blockOf(ord));
  const pack = parsedPack(before);
  const found = removeFrom(pack, ord, key);
  writePack(sql, blockOf(ord), pack, before);
  return found;
}

export function hasXCom(sql: Sql, ord: number, key: string): boolean {
  return readXComsOf(sql, ord, key, null, 1).length > 0;
}

/** The values under `key` of `ords`, in order of ord, those without one left out; null when they have more than `charactersMax` stored characters. */
export function readXComsWithin(
  sql: Sql,
  ords: readonly number[],
  key: string,
  charactersMax: number,
): { readonly rows: readonly XComRow[]; readonly characters: number } | null {
  const sorted = ords.toSorted((a, b) => a - b);
  const rows: XComRow[] = [];
  let characters = 0;
  for (const page of pagesOf(sorted)) {
    const packed = packedOf(sql, page, key);
    for (const row of packed) characters += JSON.stringify(row.value).length;
    const among = JSON.stringify(page);
    const size =
      "SELECT coalesce(sum(length(v)), 0) AS size FROM xcom WHERE key = ? AND ord IN (SELECT value FROM json_each(?))";
    const large = Number(sql.exec(size, key, among)[0]?.["size"] ?? 0);
    characters += large;
    if (characters > charactersMax) return null;
    const values = "SELECT ord, key, at, v FROM xcom WHERE key = ? AND ord IN (SELECT value FROM json_each(?))";
    const found = large === 0 ? packed : [...packed, ...sql.exec(values, key, among).map(xcomRow)];
    rows.push(...found.toSorted((a, b) => a.ord - b.ord));
  }
  return { rows, characters };
}

/** Of one instance in order of key, behind `afterKey`, at most `limit`. */
export function readXComsOf(
  sql: Sql,
  ord: number,
  key: string | null,
  afterKey: string | null,
  limit: number,
): readonly XComRow[] {
  const packed = rowsOf(parsedPack(readCell(sql, Cell.XCOMS, blockOf(ord))), ord);
  const fitting = packed.filter(
    (row) => (key === null || row.key === key) && (afterKey === null || row.key > afterKey),
  );
  const large = sql
    .exec(
      "SELECT ord, key, at, v FROM xcom WHERE ord = ? AND (? IS NULL OR key = ?) AND (? IS NULL OR key > ?) ORDER BY key LIMIT ?",
      ord,
      key,
      key,
      afterKey,
      afterKey,
      limit,
    )
    .map(xcomRow);
  return inKeyOrder([...fitting, ...large]).slice(0, limit);
}

/** Of `ords` in their order, each by key: of all keys or of one. Reads block by block, and a large value when it is its turn. */
export function* readXComsAmong(sql: Sql, ords: Iterable<number>, key: string | null): Generator<XComRow> {
  let block = -1;
  let pack: XComPack = {};
  let large = new Set<number>();
  for (const ord of ords) {
    if (blockOf(ord) !== block) {
      block = blockOf(ord);
      pack = parsedPack(readCell(sql, Cell.XCOMS, block));
      large = largeOrds(sql, block);
    }
    if (large.has(ord)) yield* readXComsOf(sql, ord, key, null, Number.MAX_SAFE_INTEGER);
    else yield* inKeyOrder(rowsOf(pack, ord).filter((row) => key === null || row.key === key));
  }
}

/** Ords that have an XCom, ascending from `fromOrd` on. */
export function ordsWithXComs(sql: Sql, fromOrd: number, limit: number): readonly number[] {
  const large = sql
    .exec("SELECT DISTINCT ord FROM xcom WHERE ord >= ? ORDER BY ord LIMIT ?", fromOrd, limit)
    .map((row) => Number(row["ord"]));
  const packed: number[] = [];
  for (let block = blockOf(fromOrd); packed.length < limit;) {
    const row = sql.exec("SELECT i, v FROM cell WHERE kind = ? AND i >= ? ORDER BY i LIMIT 1", Cell.XCOMS, block)[0];
    if (row === undefined) break;
    const ords = Object.keys(parsedPack(String(row["v"]))).map(Number);
    packed.push(...ords.filter((ord) => ord >= fromOrd));
    block = Number(row["i"]) + 1;
  }
  return [...new Set([...large, ...packed])].toSorted((a, b) => a - b).slice(0, limit);
}

function packedOf(sql: Sql, ords: readonly number[], key: string): XComRow[] {
  const wanted = new Set(ords);
  const blocks = [...new Set(ords.map(blockOf))];
  return [...readCells(sql, Cell.XCOMS, blocks).values()].flatMap((text) => {
    const pack = parsedPack(text);
    return Object.keys(pack).flatMap((ord) =>
      wanted.has(Number(ord)) ? rowsOf(pack, Number(ord)).filter((row) => row.key === key) : [],
    );
  });
}

/** Ascending ords, those of some blocks at a time. */
function* pagesOf(ords: readonly number[]): Generator<readonly number[]> {
  const span = BLOCKS_PER_PAGE * INSTANCES_PER_BLOCK;
  for (let start = 0; start < ords.length;) {
    const page = Math.floor((ords[start] ?? 0) / span);
    let end = start + 1;
    while (end < ords.length && Math.floor((ords[end] ?? 0) / span) === page) end++;
    yield ords.slice(start, end);
    start = end;
  }
}

/** Instances of a block that have a value in a row of its own. */
function largeOrds(sql: Sql, block: number): Set<number> {
  const first = block * INSTANCES_PER_BLOCK;
  const rows = sql.exec("SELECT DISTINCT ord FROM xcom WHERE ord >= ? AND ord < ?", first, first + INSTANCES_PER_BLOCK);
  return new Set(rows.map((row) => Number(row["ord"])));
}

function inKeyOrder(rows: readonly XComRow[]): readonly XComRow[] {
  return rows.length < 2 ? rows : rows.toSorted((a, b) => (a.key < b.key ? -1 : 1));
}

function rowsOf(pack: XComPack, ord: number): XComRow[] {
  return (pack[ord] ?? []).map(([key, writtenAt, value]) => ({ ord, key, writtenAt, value }));
}

function removeFrom(pack: XComPack, ord: number, key: string): boolean {
  const entries = pack[ord];
  const at = entries?.findIndex(([known]) => known === key) ?? -1;
  if (entries === undefined || at < 0) return false;
  entries.splice(at, 1);
  if (entries.length === 0) delete pack[ord];
  return true;
}

function deleteXComRow(sql: Sql, ord: number, key: string): boolean {
  return sql.exec("DELETE FROM xcom WHERE ord = ? AND key = ? RETURNING ord", ord, key).length > 0;
}

function parsedPack(text: string | undefined): XComPack {
  return text === undefined ? {} : (JSON.parse(text) as XComPack);
}

function writePack(sql: Sql, block: number, pack: XComPack, before: string | undefined): void {
  const text = JSON.stringify(pack);
  if (text === before) return;
  if (text !== "{}") putCell(sql, Cell.XCOMS, block, text);
  else if (before !== undefined) deleteCell(sql, Cell.XCOMS, block);
}

function byBlock<Member extends { readonly ord: number }>(members: readonly Member[]): Map<number, Member[]> {
  const blocks = new Map<number, Member[]>();
  for (const member of members) {
    const block = blocks.get(blockOf(member.ord));
    if (block === undefined) blocks.set(blockOf(member.ord), [member]);
    else block.push(member);
  }
  return blocks;
}

function xcomRow(row: SqlRow): XComRow {
  return {
    ord: Number(row["ord"]),
    key: String(row["key"]),
    writtenAt: Number(row["at"]),
    value: JSON.parse(String(row["v"])) as XComValue,
  };
}
