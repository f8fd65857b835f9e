/**
 * @module The narrow SQL a run's storage is written against: the Durable Object's SQLite in production, `node:sqlite` in tests.
 */

export type SqlValue = string | number | null;
export type SqlRow = Readonly<Record<string, SqlValue>>;

export interface Sql {
  /** Runs one statement; all rows are read at once. */
  exec(statement: string, ...bindings: SqlValue[]): readonly SqlRow[];
  /** All of `work` or nothing. A promise as answer does not compile: nothing may be awaited between reading and committing. */
  transactionSync<T>(work: () => T extends PromiseLike<unknown> ? never : T): T;
  /** Rows written since the start, index rows included, where the platform counts them. */
  readonly rowsWritten: number;
}

/** The object's own SQLite. */
export function objectSql(storage: DurableObjectStorage): Sql {
  let rowsWritten = 0;
  return {
    exec(statement, ...bindings) {
      const cursor = storage.sql.exec<Record<string, SqlValue>>(statement, ...bindings);
      const rows = cursor.toArray();
      rowsWritten += cursor.rowsWritten;
      return rows;
    },
    transactionSync: <T>(work: () => T extends PromiseLike<unknown> ? never : T): T => storage.transactionSync<T>(work),
    get rowsWritten() {
      return rowsWritten;
    },
  };
}
