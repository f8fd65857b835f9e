/**
 * @module The tables of one asset's object: its events, counted, and how far each DAG that wants them has got.
 */
import type { AssetEvent, AssetReceipt, AssetSubscription, NewAssetEvent } from "../../model/asset.ts";
import type { DagId } from "../../model/ids.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";

const TABLES = [
  "CREATE TABLE IF NOT EXISTS event (n INTEGER PRIMARY KEY, id TEXT NOT NULL, at INTEGER NOT NULL, v TEXT NOT NULL)",
  "CREATE UNIQUE INDEX IF NOT EXISTS event_id ON event (id)",
  `CREATE TABLE IF NOT EXISTS consumer (dag_id TEXT PRIMARY KEY, seq INTEGER NOT NULL, wanted INTEGER NOT NULL, cursor INTEGER NOT NULL,
    send_at INTEGER) WITHOUT ROWID`,
  "CREATE INDEX IF NOT EXISTS consumer_send_at ON consumer (send_at) WHERE send_at IS NOT NULL",
  "CREATE TABLE IF NOT EXISTS meta (k TEXT PRIMARY KEY, v TEXT NOT NULL) WITHOUT ROWID",
] as const;

/** Kept whatever their age: so many events can be read back, and be told from their repeats. */
const EVENTS_KEPT = 1_000;

export function openTables(sql: Sql): void {
  for (const table of TABLES) sql.exec(table);
}

/** Reading an asset that nobody has updated must not create storage. */
export function hasTables(sql: Sql): boolean {
  return sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'meta'").length > 0;
}

export interface AssetMeta {
  readonly uri: string;
  /** The number of the newest event ever; 0 before the first. */
  readonly lastN: number;
  /** Up to which event the history has them. */
  readonly mirroredN: number;
}

export function readMeta(sql: Sql): AssetMeta | null {
  const row = sql.exec("SELECT v FROM meta WHERE k = 'asset'")[0];
  if (row === undefined) return null;
  const meta: AssetMeta = JSON.parse(String(row["v"]));
  return meta;
}

export function writeMeta(sql: Sql, meta: AssetMeta): void {
  sql.exec("INSERT OR REPLACE INTO meta (k, v) VALUES ('asset', ?)", JSON.stringify(meta));
}

/** Stores an event as number `n`; false when it is there already. */
export function insertEvent(sql: Sql, n: number, { id, at, extra, source }: NewAssetEvent): boolean {
  if (sql.exec("SELECT n FROM event WHERE id = ?", id).length > 0) return false;
  sql.exec("INSERT INTO event (n, id, at, v) VALUES (?, ?, ?, ?)", n, id, at, JSON.stringify({ extra, source }));
  return true;
}

/** Lowest number first. */
export function eventsAfter(sql: Sql, uri: string, n: number, limit: number): readonly AssetEvent[] {
  return sql.exec("SELECT * FROM event WHERE n > ? ORDER BY n LIMIT ?", n, limit).map((row) => eventOf(uri, row));
}

export function latestEvents(sql: Sql, uri: string, limit: number): readonly AssetEvent[] {
  return sql
    .exec("SELECT * FROM event ORDER BY n DESC LIMIT ?", limit)
    .map((row) => eventOf(uri, row))
    .toReversed();
}

/** Forgets events that everybody has and that are older than `before`. */
export function pruneEvents(sql: Sql, { lastN, mirroredN }: AssetMeta, before: number): void {
  const slowest = sql.exec("SELECT min(cursor) AS n FROM consumer WHERE wanted = 1")[0]?.["n"];
  const upTo = Math.min(lastN - EVENTS_KEPT, mirroredN, typeof slowest === "number" ? slowest : Infinity);
  sql.exec("DELETE FROM event WHERE n <= ? AND at < ?", upTo, before);
}

/** A DAG that comes anew gets the events from now on. An older word than the last changes nothing. */
export function putSubscription(sql: Sql, { dagId, seq, wanted }: AssetSubscription, lastN: number): void {
  sql.exec(
    `INSERT INTO consumer (dag_id, seq, wanted, cursor, send_at) VALUES (?1, ?2, ?3, ?4, NULL)
    ON CONFLICT (dag_id) DO UPDATE SET seq = ?2, wanted = ?3, cursor = iif(wanted = 1 AND ?3 = 1, cursor, ?4),
    send_at = iif(?3 = 1, send_at, NULL) WHERE ?2 > seq`,
    dagId,
    seq,
    Number(wanted),
    lastN,
  );
}

/** Every DAG that wants events is to be sent them at `at`, unless it is on its way already. */
export function oweAll(sql: Sql, at: number): void {
  sql.exec("UPDATE consumer SET send_at = ? WHERE wanted = 1 AND send_at IS NULL", at);
}

/** DAGs to be sent a message, longest due first. */
export function dueConsumers(sql: Sql, now: number, limit: number): readonly DagId[] {
  return sql
    .exec("SELECT dag_id FROM consumer WHERE send_at <= ? ORDER BY send_at, dag_id LIMIT ?", now, limit)
    .map((row) => String(row["dag_id"]));
}

export function nextSendAt(sql: Sql): number | null {
  const at = sql.exec("SELECT min(send_at) AS at FROM consumer WHERE send_at IS NOT NULL")[0]?.["at"];
  return typeof at === "number" ? at : null;
}

/** Their message is under way; without a receipt it is sent again at `at`. */
export function setSendAt(sql: Sql, dagIds: readonly DagId[], at: number): void {
  sql.exec(
    "UPDATE consumer SET send_at = ? WHERE send_at IS NOT NULL AND dag_id IN (SELECT value FROM json_each(?))",
    at,
    JSON.stringify(dagIds),
  );
}

/** How far each of these DAGs has got; those that want nothing are left out. */
export function cursorsOf(sql: Sql, dagIds: readonly DagId[]): Readonly<Record<DagId, number>> {
  const query = "SELECT dag_id, cursor FROM consumer WHERE wanted = 1 AND dag_id IN (SELECT value FROM json_each(?))";
  const rows = sql.exec(query, JSON.stringify(dagIds));
  return Object.fromEntries(rows.map((row) => [String(row["dag_id"]), Number(row["cursor"])]));
}

/** Notes what a DAG has; one that has not everything yet is sent the rest at `at`. */
export function putReceipt(sql: Sql, { dagId, upTo, unwantedAt }: AssetReceipt, lastN: number, at: number): void {
  if (unwantedAt !== null) {
    putSubscription(sql, { dagId, seq: unwantedAt, wanted: false }, lastN);
    return;
  }
  sql.exec(
    `UPDATE consumer SET cursor = max(cursor, ?2), send_at = iif(max(cursor, ?2) < ?3, ?4, NULL) WHERE dag_id = ?1 AND wanted = 1`,
    dagId,
    upTo,
    lastN,
    at,
  );
}

function eventOf(uri: string, row: SqlRow): AssetEvent {
  const { extra, source }: Pick<AssetEvent, "extra" | "source"> = JSON.parse(String(row["v"]));
  return { uri, n: Number(row["n"]), id: String(row["id"]), at: Number(row["at"]), extra, source };
}
