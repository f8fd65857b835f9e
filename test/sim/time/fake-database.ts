/**
 * @module D1 on `node:sqlite` with the deployed tables: batches are transactions, errors read as D1's, limits are enforced. One database for all worlds of a
 * process, emptied in between, because making the tables costs more than a world's queries.
 */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import { call, type Caller, type CallScope, limit } from "../adapters/calls.ts";

const BINDINGS_MAX = 100;
const STATEMENT_BYTES_MAX = 100_000;
const MIGRATIONS = join(import.meta.dirname, "../../../migrations");

type Row = Readonly<Record<string, unknown>>;

interface Bound {
  readonly sql: string;
  readonly values: readonly SQLInputValue[];
}

const database = migrated();
const statements = new Map<string, StatementSync>();
const tables = database
  .prepare("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
  .all()
  .map((row) => String(row["name"]));

export class FakeDatabase {
  readonly #scope: CallScope;

  constructor(scope: CallScope) {
    this.#scope = scope;
    for (const table of tables) database.exec(`DELETE FROM "${table}"`);
  }

  /** The part of the binding that the product uses. */
  binding(caller: Caller): D1Database {
    const through = <T>(what: string, effect: () => T): Promise<T> => call(this.#scope, caller, `DB.${what}`, effect);
    const prepare = (sql: string, values: readonly SQLInputValue[] = []): unknown => ({
      sql,
      values,
      bind: (...bound: SQLInputValue[]) => prepare(sql, bound),
      all: () => through("all", () => ({ results: this.#rows({ sql, values }) })),
      first: (column?: string) =>
        through("first", () => {
          const row = this.#rows({ sql, values })[0] ?? null;
          return row === null || column === undefined ? row : (row[column] ?? null);
        }),
      run: () => through("run", () => ({ results: this.#rows({ sql, values }) })),
    });
    const batch = (bound: readonly Bound[]): Promise<unknown> =>
      through("batch", () => {
        database.exec("BEGIN");
        try {
          const answers = bound.map((one) => ({ results: this.#rows(one) }));
          database.exec("COMMIT");
          return answers;
        } catch (error) {
          database.exec("ROLLBACK");
          throw error;
        }
      });
    return { prepare, batch } as unknown as D1Database;
  }

  /** For checks. */
  read(sql: string): readonly Row[] {
    return this.#rows({ sql, values: [] });
  }

  #rows({ sql, values }: Bound): Row[] {
    limit(this.#scope, values.length <= BINDINGS_MAX, `${values.length} bindings in one statement of D1`);
    limit(this.#scope, sql.length <= STATEMENT_BYTES_MAX, `a statement of ${sql.length} bytes`);
    const known = statements.get(sql) ?? database.prepare(sql);
    statements.set(sql, known);
    return known.all(...values);
  }
}

function migrated(): DatabaseSync {
  const made = new DatabaseSync(":memory:");
  for (const name of readdirSync(MIGRATIONS)
    .filter((file) => file.endsWith(".sql"))
    .toSorted())
    made.exec(readFileSync(join(MIGRATIONS, name), "utf8"));
  return made;
}
