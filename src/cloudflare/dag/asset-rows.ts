/**
 * @module The tables of a DAG that is scheduled by assets: which it wants, the events that wait for the rest of the expression, and those that made runs.
 * Made with the first such schedule, so that other DAGs have none.
 */
import type { AssetEvent, QueuedAssetEvents } from "../../model/asset.ts";
import type { RunId } from "../../model/ids.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { text } from "./storage.ts";

const TABLES = [
  // `last_n`: the newest event taken, whatever became of it. `confirmed`: the asset's object knows.
  `CREATE TABLE IF NOT EXISTS asset_link (uri TEXT PRIMARY KEY, seq INTEGER NOT NULL, wanted INTEGER NOT NULL, confirmed INTEGER NOT NULL,
    last_n INTEGER NOT NULL) WITHOUT ROWID`,
  "CREATE TABLE IF NOT EXISTS asset_queue (uri TEXT, n INTEGER, at INTEGER NOT NULL, v TEXT NOT NULL, PRIMARY KEY (uri, n)) WITHOUT ROWID",
  "CREATE TABLE IF NOT EXISTS run_asset_event (run_id TEXT, at INTEGER, uri TEXT, n INTEGER, v TEXT NOT NULL, PRIMARY KEY (run_id, at, uri, n)) WITHOUT ROWID",
  `CREATE TRIGGER IF NOT EXISTS run_asset_event_removed AFTER DELETE ON run
    BEGIN DELETE FROM run_asset_event WHERE run_id = old.run_id; END`,
] as const;

/** One asset that the DAG wants, or wanted. */
export interface AssetLink {
  readonly uri: string;
  readonly seq: number;
  readonly wanted: boolean;
  readonly confirmed: boolean;
  readonly lastN: number;
}

export function openAssetTables(sql: Sql): void {
  for (const table of TABLES) sql.exec(table);
}

export function hasAssetTables(sql: Sql): boolean {
  return sql.exec("SELECT name FROM sqlite_master WHERE type = 'table' AND name = 'asset_link'").length > 0;
}

export function assetLinks(sql: Sql): readonly AssetLink[] {
  return sql.exec("SELECT * FROM asset_link ORDER BY uri").map(linkOf);
}

export function findAssetLink(sql: Sql, uri: string): AssetLink | null {
  const row = sql.exec("SELECT * FROM asset_link WHERE uri = ?", uri)[0];
  return row === undefined ? null : linkOf(row);
}

/** The asset's object is to be told (again). */
export function putAssetLink(sql: Sql, uri: string, wanted: boolean, seq: number): void {
  sql.exec(
    `INSERT INTO asset_link (uri, seq, wanted, confirmed, last_n) VALUES (?, ?, ?, 0, 0)
    ON CONFLICT (uri) DO UPDATE SET seq = max(seq + 1, excluded.seq), wanted = excluded.wanted, confirmed = 0`,
    uri,
    seq,
    Number(wanted),
  );
}

export function confirmAssetLink(sql: Sql, { uri, seq }: AssetLink): void {
  sql.exec("UPDATE asset_link SET confirmed = 1 WHERE uri = ? AND seq = ?", uri, seq);
}

export function unconfirmedLinks(sql: Sql, limit: number): readonly AssetLink[] {
  return sql.exec("SELECT * FROM asset_link WHERE confirmed = 0 ORDER BY uri LIMIT ?", limit).map(linkOf);
}

/** Notes how far the DAG has taken an asset's events, and queues `events`. */
export function queueAssetEvents(
  sql: Sql,
  uri: string,
  events: readonly AssetEvent[],
  lastN: number,
  at: number,
): void {
  sql.exec("UPDATE asset_link SET last_n = ? WHERE uri = ?", lastN, uri);
  for (const event of events)
    sql.exec("INSERT INTO asset_queue (uri, n, at, v) VALUES (?, ?, ?, ?)", uri, event.n, at, JSON.stringify(event));
}

/** Assets with events that wait, and when the newest was taken. */
export function queuedAssets(sql: Sql): readonly QueuedAssetEvents[] {
  return sql
    .exec("SELECT uri, max(at) AS at FROM asset_queue GROUP BY uri ORDER BY uri")
    .map((row) => ({ uri: text(row, "uri"), at: Number(row["at"]) }));
}

/** Events of one asset, or of all, taken up to `before`. */
export function deleteQueued(sql: Sql, uri: string | null, before: number | null): void {
  sql.exec("DELETE FROM asset_queue WHERE (?1 IS NULL OR uri = ?1) AND (?2 IS NULL OR at <= ?2)", uri, before);
}

/** The events that wait become those of the run, at most `limit`, first taken first. The rest waits on. */
export function consumeQueued(sql: Sql, runId: RunId, limit: number): void {
  const taken = "SELECT uri, n FROM asset_queue ORDER BY at, uri, n LIMIT ?";
  sql.exec(
    `INSERT OR IGNORE INTO run_asset_event (run_id, at, uri, n, v) SELECT ?, v ->> 'at', uri, n, v FROM asset_queue WHERE (uri, n) IN (${taken})`,
    runId,
    limit,
  );
  sql.exec(`DELETE FROM asset_queue WHERE (uri, n) IN (${taken})`, limit);
}

export function eventsOfRun(sql: Sql, runId: RunId, limit: number): readonly AssetEvent[] {
  return sql
    .exec("SELECT v FROM run_asset_event WHERE run_id = ? ORDER BY at, uri, n LIMIT ?", runId, limit)
    .map((row): AssetEvent => JSON.parse(text(row, "v")));
}

function linkOf(row: SqlRow): AssetLink {
  return {
    uri: text(row, "uri"),
    seq: Number(row["seq"]),
    wanted: row["wanted"] === 1,
    confirmed: row["confirmed"] === 1,
    lastN: Number(row["last_n"]),
  };
}
