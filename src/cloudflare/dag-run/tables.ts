/**
 * @module The tables of one run's storage, each made by the first write into it: most runs need `cell` alone, and creating a table
 * costs two rows written and time in every new object.
 */
import type { Sql, SqlRow, SqlValue } from "./sql.ts";

/** By name. Integer or `WITHOUT ROWID` keys, so that a row costs one row written. */
const TABLES: Readonly<Record<string, string>> = {
  cell: "CREATE TABLE IF NOT EXISTS cell (kind INTEGER, i INTEGER, v TEXT NOT NULL, PRIMARY KEY (kind, i)) WITHOUT ROWID",
  try: "CREATE TABLE IF NOT EXISTS try (ord INTEGER, try INTEGER, seq INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, try)) WITHOUT ROWID",
  xcom: "CREATE TABLE IF NOT EXISTS xcom (ord INTEGER, key TEXT, at INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, key)) WITHOUT ROWID",
  log: "CREATE TABLE IF NOT EXISTS log (ord INTEGER, try INTEGER, n INTEGER, lines INTEGER, v TEXT NOT NULL, PRIMARY KEY (ord, try, n)) WITHOUT ROWID",
  log_archive:
    "CREATE TABLE IF NOT EXISTS log_archive (generation INTEGER, part INTEGER, v TEXT NOT NULL, PRIMARY KEY (generation, part)) WITHOUT ROWID",
  outbox: "CREATE TABLE IF NOT EXISTS outbox (id INTEGER PRIMARY KEY, v TEXT NOT NULL)",
  notice:
    "CREATE TABLE IF NOT EXISTS notice (id TEXT PRIMARY KEY, n INTEGER, at INTEGER, v TEXT NOT NULL) WITHOUT ROWID",
  call: "CREATE TABLE IF NOT EXISTS call (slot INTEGER PRIMARY KEY, id TEXT NOT NULL, until INTEGER NOT NULL, v TEXT NOT NULL)",
  once: "CREATE TABLE IF NOT EXISTS once (ord INTEGER, key TEXT, v TEXT NOT NULL, PRIMARY KEY (ord, key)) WITHOUT ROWID",
};

/** Kinds that may be in table `cell`, where this instance has made it. */
const kindsMade = new WeakMap<Sql, Set<SqlValue>>();

/** True when table `cell` is known to have no row of the kind: nobody needs to ask. */
export function hasNoCells(sql: Sql, kind: number): boolean {
  return kindsMade.get(sql)?.has(kind) === false;
}

/** All tables. Over {@link withTables} the answer costs no statement. */
export const TABLE_NAMES = "SELECT name FROM sqlite_master WHERE type = 'table'";

/**
 * The same SQL over tables that need not exist yet: reading or deleting from one that does not finds nothing, a write makes it first. Which exist is
 * read once: a statement that fails costs far more than one that works.
 */
export function withTables(sql: Sql): Sql {
  let existing: Set<string> | null = null;
  const names = (): Set<string> => (existing ??= new Set(sql.exec(TABLE_NAMES).map((row) => String(row["name"]))));
  const prepared = (statement: string): boolean => {
    const known = names();
    for (const name of tablesOf(statement)) {
      if (known.has(name)) continue;
      if (!/^\s*(INSERT|UPDATE)/i.test(statement)) return false;
      sql.exec(TABLES[name] ?? "");
      known.add(name);
      if (name === "cell") kindsMade.set(tables, new Set());
    }
    return true;
  };
  const noted = (statement: string, bindings: readonly SqlValue[]): readonly SqlRow[] => {
    // Also should it fail: that a kind may be there is never wrong.
    if (statement.startsWith("INSERT INTO cell")) kindsMade.get(tables)?.add(bindings[0] ?? null);
    return sql.exec(statement, ...bindings);
  };
  const exec = (statement: string, ...bindings: SqlValue[]): readonly SqlRow[] => {
    if (statement === TABLE_NAMES) return [...names()].map((name) => ({ name }));
    if (!prepared(statement)) return [];
    try {
      const rows = noted(statement, bindings);
      if (statement.startsWith("DROP")) existing = null;
      return rows;
    } catch (error) {
      // Made in a transaction that was rolled back, or gone with everything else the object had.
      if (!(error instanceof Error) || !error.message.includes("no such table")) throw error;
      existing = null;
      return prepared(statement) ? noted(statement, bindings) : [];
    }
  };
  const tables: Sql = {
    exec,
    transactionSync: (work) => sql.transactionSync(work),
    get rowsWritten() {
      return sql.rowsWritten;
    },
  };
  return tables;
}

const tablesByStatement = new Map<string, readonly string[]>();

/** The tables of ours that a statement names; there are few statements. */
function tablesOf(statement: string): readonly string[] {
  let names = tablesByStatement.get(statement);
  if (names === undefined) {
    const named = Array.from(statement.matchAll(/\b(?:FROM|INTO|UPDATE|JOIN)\s+(\w+)/gi), ([, name = ""]) => name);
    names = named.filter((name) => Object.hasOwn(TABLES, name));
    tablesByStatement.set(statement, names);
  }
  return names;
}
