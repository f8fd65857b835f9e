/**
 * @module What one run stores but for XComs, logs and call answers, which have files of their own. Its tables are in `cells.ts` and `tables.ts`.
 *
 * One row holds all that a commit of a small run changes: the changing part of the head, the host's book, call answers, and the task instances
 * when they fit into one block; of a larger run each block is a row. What never changes (the rest of the head, the DAG spec) is written once.
 */
import {
  Cell,
  cellNumbers,
  deleteCell,
  hasCell,
  putCell,
  readCell,
  readCells,
  readLongText,
  writeLongText,
} from "./cells.ts";
import type { DagRunHead, InstanceFacts } from "../../model/dag-run.ts";
import type { TaskInstance, TryRecord } from "../../model/task-instance.ts";
import { blockOf, packBlock, packedRows, unpackBlock } from "./rows.ts";
import type { Book } from "./book.ts";
import type { Command } from "../../model/command.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { ErrorInfo } from "../../model/outcome.ts";
import type { Sql } from "./sql.ts";
import { assert } from "../../lib/assert.ts";
import { boundedError, ERROR_CHARACTERS_MAX } from "./bounded-error.ts";
import { INSTANCES_PER_BLOCK } from "../../model/task-instance.ts";
import type { KeptAnswer } from "./call-answers.ts";
import { specOfText } from "../spec-texts.ts";

/** Version of the tables. A reader accepts its own and the one before, and upgrades in place. */
export const STORAGE_VERSION = 2;

/** The part of the head that events change. */
export type ChangingHead = Pick<
  DagRunHead,
  | "specHash"
  | "note"
  | "state"
  | "endReason"
  | "queuedAt"
  | "startedAt"
  | "endedAt"
  | "generation"
  | "seq"
  | "lastNow"
  | "toldUntil"
>;

/** The row that every commit rewrites. */
interface StateRow {
  readonly version: number;
  readonly head: ChangingHead;
  readonly book: Book;
  readonly calls: readonly KeptAnswer[];
  /** Absent in a run of several blocks. */
  readonly pack?: ReturnType<typeof packedRows>;
}

export interface StoredRun {
  readonly head: DagRunHead;
  readonly book: Book;
  readonly calls: readonly KeptAnswer[];
  readonly spec: DagSpec;
  readonly longest: Readonly<Record<string, number>>;
  readonly instances: TaskInstance[];
  readonly facts: Map<number, InstanceFacts>;
}

/** True when this object holds a run. Only reads: asking for a run that does not exist must not create storage. */
export function hasRun(sql: Sql): boolean {
  const row = sql.exec("SELECT v ->> 'version' AS version FROM cell WHERE kind = ? AND i = 0", Cell.STATE)[0];
  if (row === undefined) return false;
  const { version } = row;
  assert(
    version === STORAGE_VERSION,
    `this run was stored by version ${version} of the tables, this Worker reads ${STORAGE_VERSION}: deploy a newer Airflare`,
  );
  return true;
}

/** The part of a run that only its creation and a backfill that takes it over write: a line of JSON, and behind it the spec's text as it came. */
export function writeFixed(
  sql: Sql,
  { head, longest }: { readonly head: DagRunHead; readonly longest: Readonly<Record<string, number>> },
  specText: string,
): void {
  writeLongText(sql, Cell.FIXED, `${JSON.stringify({ head, longest })}\n${specText}`);
}

/** The row of every commit, last in it. `instances`: all of the run. */
export function writeState(
  sql: Sql,
  run: { readonly head: DagRunHead; readonly instances: readonly TaskInstance[] },
  book: Book,
  calls: readonly KeptAnswer[],
): void {
  const { specHash, note, state, endReason, queuedAt, startedAt, endedAt, generation, seq, lastNow, toldUntil } =
    run.head;
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
    ...(toldUntil === undefined ? {} : { toldUntil }),
  };
  const row: StateRow = { version: STORAGE_VERSION, head: changing, book, calls };
  const small = isSmall(run.instances) ? { pack: packedRows(run.instances, 0) } : {};
  putCell(sql, Cell.STATE, 0, JSON.stringify({ ...row, ...small }));
}

/** The blocks of `ords`, before the state is written: that row has the only block of a small run. */
export function writeInstances(sql: Sql, instances: readonly TaskInstance[], ords: Iterable<number>): void {
  if (isSmall(instances)) return;
  const blocks = new Set<number>();
  for (const ord of ords) blocks.add(blockOf(ord));
  // The run has grown out of the row of the state.
  if (blocks.size > 0 && !hasCell(sql, Cell.PACK, 0)) blocks.add(0);
  for (const block of blocks) putCell(sql, Cell.PACK, block, packBlock(instances, block));
}

function isSmall(instances: readonly TaskInstance[]): boolean {
  return instances.length <= INSTANCES_PER_BLOCK;
}

export function writeFacts(sql: Sql, ord: number, facts: InstanceFacts | undefined): void {
  if (facts === undefined) deleteCell(sql, Cell.FACTS, ord);
  else putCell(sql, Cell.FACTS, ord, JSON.stringify(facts));
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
  if (error === null) deleteCell(sql, Cell.ERROR, ord);
  else putCell(sql, Cell.ERROR, ord, JSON.stringify(boundedError(error, ERROR_CHARACTERS_MAX)));
}

export function writeNote(sql: Sql, ord: number, note: string | null): void {
  if (note === null) deleteCell(sql, Cell.NOTE, ord);
  else putCell(sql, Cell.NOTE, ord, JSON.stringify(note));
}

export function readRun(sql: Sql): StoredRun {
  const fixedText = readLongText(sql, Cell.FIXED);
  const line = fixedText.indexOf("\n");
  const fixed = JSON.parse(fixedText.slice(0, line)) as Pick<StoredRun, "head" | "longest">;
  const { head, book, calls, pack } = JSON.parse(readCell(sql, Cell.STATE, 0) ?? "{}") as StateRow;
  const instances: TaskInstance[] = pack === undefined ? [] : unpackBlock(0, pack);
  if (pack === undefined)
    for (const [block, packed] of readCells(sql, Cell.PACK)) instances.push(...unpackBlock(block, JSON.parse(packed)));
  return {
    head: { ...fixed.head, ...head },
    book,
    calls,
    spec: specOfText(fixedText.slice(line + 1)),
    longest: fixed.longest,
    instances,
    facts: parsed<InstanceFacts>(readCells(sql, Cell.FACTS)),
  };
}

/** Errors of the given instances; most have none. */
export function readErrors(sql: Sql, ords: readonly number[]): Map<number, ErrorInfo> {
  return parsed(readCells(sql, Cell.ERROR, ords));
}

/** Ords that have an error row: kept in memory so that a success does not delete a row that is not there. */
export function readErrorOrds(sql: Sql): Set<number> {
  return new Set(cellNumbers(sql, Cell.ERROR));
}

/** Notes of the given instances. */
export function readNotes(sql: Sql, ords: readonly number[]): Map<number, string> {
  return parsed(readCells(sql, Cell.NOTE, ords));
}

function parsed<Value>(cells: ReadonlyMap<number, string>): Map<number, Value> {
  return new Map([...cells].map(([i, value]) => [i, JSON.parse(value) as Value]));
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

function text(row: Readonly<Record<string, unknown>> | undefined): string {
  const value = row?.["v"];
  assert(typeof value === "string", "a row of the run is missing or is not text");
  return value;
}

function boundedCommand(command: Command): Command {
  if (!("error" in command) || command.error === null) return command;
  return { ...command, error: boundedError(command.error, ERROR_CHARACTERS_MAX) };
}
