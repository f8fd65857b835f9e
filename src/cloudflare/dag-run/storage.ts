/**
 * @module All SQL of one run's storage but for XComs, logs and call answers, which have files of their own. Its tables are in `tables.ts`.
 *
 * `meta` holds the storage version and the changing part of the run; `chunk` the texts that never change or may be long (the fixed part of the
 * head, the DAG spec), cut below the platform's row limit; `pack` the task instances; the rest one row per thing that most instances do not have.
 */
import type { DagRunHead, InstanceFacts } from "../../model/dag-run.ts";
import type { TaskInstance, TryRecord } from "../../model/task-instance.ts";
import { blockOf, packBlock, unpackBlock } from "./rows.ts";
import type { Book } from "./book.ts";
import type { Command } from "../../model/command.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { ErrorInfo } from "../../model/outcome.ts";
import type { Sql } from "./sql.ts";
import { assert } from "../../lib/assert.ts";
import { boundedError, ERROR_CHARACTERS_MAX } from "./bounded-error.ts";
import { chunksOf } from "./chunks.ts";
import { specOfText } from "../spec-texts.ts";

/** Version of the tables. A reader accepts its own and the one before, and upgrades in place. */
export const STORAGE_VERSION = 1;
/** Characters per chunk: at most 4 bytes each stays well below 1 MB, the row limit of the platform. */
const CHUNK_CHARACTERS = 200_000;
const META = { version: 0, head: 1, book: 2 } as const;
const CHUNK = { fixed: 0, spec: 1 } as const;

/** The part of the head that events change, and with it the host's own book, in one small row. */
type ChangingHead = Pick<
  DagRunHead,
  "specHash" | "note" | "state" | "endReason" | "queuedAt" | "startedAt" | "endedAt" | "generation" | "seq" | "lastNow"
>;

export interface StoredRun {
  readonly head: DagRunHead;
  readonly book: Book;
  readonly spec: DagSpec;
  readonly longest: Readonly<Record<string, number>>;
  readonly instances: TaskInstance[];
  readonly facts: Map<number, InstanceFacts>;
}

/** True when this object holds a run. Only reads: asking for a run that does not exist must not create storage. */
export function hasRun(sql: Sql): boolean {
  if (sql.exec("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'meta'").length === 0) return false;
  const version = Number(sql.exec("SELECT v FROM meta WHERE k = ?", META.version)[0]?.["v"] ?? 0);
  assert(
    version === STORAGE_VERSION,
    `this run was stored by version ${version} of the tables, this Worker reads ${STORAGE_VERSION}: deploy a newer Airflare`,
  );
  return true;
}

/** The rows that never change. Inside the transaction that creates the run. */
export function insertRun(sql: Sql, head: DagRunHead, longest: Readonly<Record<string, number>>): void {
  sql.exec("INSERT INTO meta (k, v) VALUES (?, ?)", META.version, String(STORAGE_VERSION));
  writeFixed(sql, { head, longest });
}

/** The part of a run that only its creation and a backfill that takes it over write. */
export function writeFixed(
  sql: Sql,
  { head, longest }: { readonly head: DagRunHead; readonly longest: Readonly<Record<string, number>> },
): void {
  writeChunks(sql, CHUNK.fixed, JSON.stringify({ head, longest }));
}

export function writeSpec(sql: Sql, specText: string): void {
  writeChunks(sql, CHUNK.spec, specText);
}

export function writeHead(sql: Sql, head: DagRunHead, book: Book): void {
  const { specHash, note, state, endReason, queuedAt, startedAt, endedAt, generation, seq, lastNow } = head;
  const changing: ChangingHead = {
    specHash,
    note,
    state,
    endReason,
    queuedAt,
    startedAt,
    endedAt,
    generation,
    seq,
    lastNow,
  };
  put(sql, "meta", "k", META.head, JSON.stringify({ head: changing, book }));
}

export function writeInstances(sql: Sql, instances: readonly TaskInstance[], ords: Iterable<number>): void {
  const blocks = new Set<number>();
  for (const ord of ords) blocks.add(blockOf(ord));
  for (const block of blocks) put(sql, "pack", "block", block, packBlock(instances, block));
}

export function writeFacts(sql: Sql, ord: number, facts: InstanceFacts | undefined): void {
  if (facts === undefined) sql.exec("DELETE FROM facts WHERE ord = ?", ord);
  else put(sql, "facts", "ord", ord, JSON.stringify(facts));
}

export function writeTry(sql: Sql, record: TryRecord, seq: number): void {
  sql.exec(
    "INSERT OR REPLACE INTO try (ord, try, seq, v) VALUES (?, ?, ?, ?)",
    record.ord,
    record.tryNumber,
    seq,
    JSON.stringify({ ...record, error: record.error === null ? null : record.error.slice(0, ERROR_CHARACTERS_MAX) }),
  );
}

export function writeError(sql: Sql, ord: number, error: ErrorInfo | null): void {
  if (error === null) sql.exec("DELETE FROM error WHERE ord = ?", ord);
  else put(sql, "error", "ord", ord, JSON.stringify(boundedError(error, ERROR_CHARACTERS_MAX)));
}

export function writeNote(sql: Sql, ord: number, note: string | null): void {
  if (note === null) sql.exec("DELETE FROM note WHERE ord = ?", ord);
  else put(sql, "note", "ord", ord, JSON.stringify(note));
}

export function readRun(sql: Sql): StoredRun {
  const fixed = JSON.parse(readChunks(sql, CHUNK.fixed)) as { head: DagRunHead; longest: Record<string, number> };
  const changing = JSON.parse(text(sql.exec("SELECT v FROM meta WHERE k = ?", META.head)[0])) as {
    head: ChangingHead;
    book: Book;
  };
  const instances: TaskInstance[] = [];
  for (const row of sql.exec("SELECT block, v FROM pack ORDER BY block"))
    instances.push(...unpackBlock(Number(row["block"]), text(row)));
  const facts = new Map<number, InstanceFacts>();
  for (const row of sql.exec("SELECT ord, v FROM facts"))
    facts.set(Number(row["ord"]), JSON.parse(text(row)) as InstanceFacts);
  return {
    head: { ...fixed.head, ...changing.head },
    book: changing.book,
    spec: specOfText(readChunks(sql, CHUNK.spec)),
    longest: fixed.longest,
    instances,
    facts,
  };
}

/** Errors of the given instances; most have none. */
export function readErrors(sql: Sql, ords: readonly number[]): Map<number, ErrorInfo> {
  const rows = sql.exec("SELECT ord, v FROM error WHERE ord IN (SELECT value FROM json_each(?))", JSON.stringify(ords));
  return new Map(rows.map((row) => [Number(row["ord"]), JSON.parse(text(row)) as ErrorInfo]));
}

/** Ords that have an error row: kept in memory so that a success does not delete a row that is not there. */
export function readErrorOrds(sql: Sql): Set<number> {
  return new Set(sql.exec("SELECT ord FROM error").map((row) => Number(row["ord"])));
}

/** Notes of the given instances. */
export function readNotes(sql: Sql, ords: readonly number[]): Map<number, string> {
  const rows = sql.exec("SELECT ord, v FROM note WHERE ord IN (SELECT value FROM json_each(?))", JSON.stringify(ords));
  return new Map(rows.map((row) => [Number(row["ord"]), JSON.parse(text(row)) as string]));
}

export function readTries(sql: Sql, ord: number): readonly TryRecord[] {
  return sql.exec("SELECT v FROM try WHERE ord = ? ORDER BY try", ord).map((row) => JSON.parse(text(row)) as TryRecord);
}

/** Tries of the instances `first` to `last` that ended by a change after `seq`. */
export function readTriesSince(sql: Sql, seq: number, first: number, last: number): readonly TryRecord[] {
  return sql
    .exec("SELECT v FROM try WHERE ord >= ? AND ord <= ? AND seq > ? ORDER BY ord, try", first, last, seq)
    .map((row) => JSON.parse(text(row)) as TryRecord);
}

export function readOnce(sql: Sql, ord: number, key: string): string | null {
  const row = sql.exec("SELECT v FROM once WHERE ord = ? AND key = ?", ord, key)[0];
  return row === undefined ? null : text(row);
}

export function insertOnce(sql: Sql, ord: number, key: string, value: string): void {
  sql.exec("INSERT INTO once (ord, key, v) VALUES (?, ?, ?)", ord, key, value);
}

export function insertOutbox(sql: Sql, commands: readonly Command[]): void {
  for (const command of commands)
    sql.exec("INSERT INTO outbox (v) VALUES (?)", JSON.stringify(boundedCommand(command)));
}

export function readOutbox(sql: Sql, limit: number): readonly { readonly id: number; readonly command: Command }[] {
  return sql
    .exec("SELECT id, v FROM outbox ORDER BY id LIMIT ?", limit)
    .map((row) => ({ id: Number(row["id"]), command: JSON.parse(text(row)) as Command }));
}

export function deleteOutbox(sql: Sql, ids: readonly number[]): void {
  for (const id of ids) sql.exec("DELETE FROM outbox WHERE id = ?", id);
}

function put(sql: Sql, table: string, key: string, id: number, value: string): void {
  sql.exec(
    `INSERT INTO ${table} (${key}, v) VALUES (?, ?) ON CONFLICT (${key}) DO UPDATE SET v = excluded.v`,
    id,
    value,
  );
}

function writeChunks(sql: Sql, kind: number, value: string): void {
  sql.exec("DELETE FROM chunk WHERE kind = ?", kind);
  for (const [i, part] of chunksOf(value, CHUNK_CHARACTERS).entries())
    sql.exec("INSERT INTO chunk (kind, i, v) VALUES (?, ?, ?)", kind, i, part);
}

function readChunks(sql: Sql, kind: number): string {
  return sql.exec("SELECT v FROM chunk WHERE kind = ? ORDER BY i", kind).map(text).join("");
}

function text(row: Readonly<Record<string, unknown>> | undefined): string {
  const value = row?.["v"];
  assert(typeof value === "string", "a row of the run is missing or is not text");
  return value;
}

function boundedCommand(command: Command): Command {
  if (command.kind !== "task-callback" || command.error === null) return command;
  return { ...command, error: boundedError(command.error, ERROR_CHARACTERS_MAX) };
}
