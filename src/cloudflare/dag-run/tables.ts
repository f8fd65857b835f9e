/**
 * @module The tables of one run's storage, each made by the first write into it: most runs have no errors, notes, retries or logs, and creating
 * a table costs a row written and time in every new object.
 */
import type { Sql, SqlRow, SqlValue } from "./sql.ts";
import { assert } from "../../lib/assert.ts";

/** By name. Integer or `WITHOUT ROWID` keys, so that a row costs one row written. */
const TABLES: Readonly<Record<string, string>> = {
  meta: "CREATE TABLE meta (k INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  chunk: "CREATE TABLE chunk (kind INTEGER, i INTEGER, v TEXT NOT NULL, PRIMARY KEY (kind, i)) WITHOUT ROWID",
  pack: "CREATE TABLE pack (block INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  facts: "CREATE TABLE facts (ord INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  error: "CREATE TABLE error (ord INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  note: "CREATE TABLE note (ord INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  try: "CREATE TABLE try (ord INTEGER, try INTEGER, seq INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, try)) WITHOUT ROWID",
  xcom: "CREATE TABLE xcom (ord INTEGER, key TEXT, at INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, key)) WITHOUT ROWID",
  log: "CREATE TABLE log (ord INTEGER, try INTEGER, n INTEGER, lines INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, try, n)) WITHOUT ROWID",
  log_archive:
    "CREATE TABLE log_archive (generation INTEGER, part INTEGER, v TEXT NOT NULL, PRIMARY KEY (generation, part)) WITHOUT ROWID",
  outbox: "CREATE TABLE outbox (id INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  call: "CREATE TABLE call (slot INTEGER PRIMARY KEY, id TEXT NOT NULL, until INTEGER NOT NULL, v TEXT NOT NULL)",
  once: "CREATE TABLE once (ord INTEGER, key TEXT, v TEXT NOT NULL, PRIMARY KEY (ord, key)) WITHOUT ROWID",
};

/** The same SQL over tables that need not exist yet: reading or deleting from one that does not finds nothing, a write makes it first. */
export function withTables(sql: Sql): Sql {
  const exec = (statement: string, ...bindings: SqlValue[]): readonly SqlRow[] => {
    try {
      return sql.exec(statement, ...bindings);
    } catch (error) {
      const missing = error instanceof Error ? /no such table: (\w+)/.exec(error.message)?.[1] : undefined;
      if (missing === undefined) throw error;
      if (!/^\s*(INSERT|UPDATE)/i.test(statement)) return [];
      const table = TABLES[missing];
      assert(table !== undefined, `a run's storage has no table ${missing}`);
      sql.exec(table);
      return sql.exec(statement, ...bindings);
    }
  };
  return {
    exec,
    transactionSync: (work) => sql.transactionSync(work),
    get rowsWritten() {
      return sql.rowsWritten;
    },
  };
}
