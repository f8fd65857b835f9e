/**
 * @module What every SQL hook can do (Airflow's `DbApiHook`). A database is a subclass with two methods: run one statement, and read a result in pages.
 */
import { bindParameters, type BoundSql, type SqlParameters } from "./sql-parameters.ts";

/** A row by column name. */
export type SqlRow = Readonly<Record<string, unknown>>;

export interface SqlResult {
  readonly rows: readonly SqlRow[];
  /** Rows that were changed, or read. */
  readonly rowCount: number;
}

export interface StreamOptions {
  /** Rows that are fetched at a time; default 1,000. */
  readonly pageSize?: number;
}

const PAGE_SIZE = 1000;

/** Base of the SQL hooks. Values are always bound: `%(name)s` with an object, `%s` or the database's own placeholders with a list. */
export abstract class SqlHook {
  /** Runs one statement, or with no values a script of several (the last result counts). */
  protected abstract query(sql: BoundSql): Promise<SqlResult>;

  /** Rows in pages, so that a large result never is in memory as a whole. */
  protected abstract pages(sql: BoundSql, pageSize: number): AsyncIterable<readonly SqlRow[]>;

  /** The database's placeholder at `position`, from 1. */
  protected placeholder(position: number): string {
    return `$${position}`;
  }

  /** All rows. Airflow's `get_records` and `get_pandas_df`: rows are objects by column name. */
  async getRecords<T extends object = SqlRow>(sql: string, parameters?: SqlParameters): Promise<T[]> {
    const { rows } = await this.query(this.#bound(sql, parameters));
    // What columns a query answers is the author's knowledge.
    return [...rows] as T[];
  }

  /** The first row, or null. */
  async getFirst<T extends object = SqlRow>(sql: string, parameters?: SqlParameters): Promise<T | null> {
    const [first] = await this.getRecords<T>(sql, parameters);
    return first ?? null;
  }

  /** Rows one by one, fetched in pages: for results of any size. */
  async *stream<T extends object = SqlRow>(
    sql: string,
    parameters?: SqlParameters,
    { pageSize = PAGE_SIZE }: StreamOptions = {},
  ): AsyncGenerator<T, void, undefined> {
    for await (const page of this.pages(this.#bound(sql, parameters), pageSize)) yield* page as readonly T[];
  }

  /** Runs a statement, or several one after the other with the same parameters, and answers how many rows they changed or read. */
  async run(sql: string | readonly string[], parameters?: SqlParameters): Promise<number> {
    let count = 0;
    for (const statement of typeof sql === "string" ? [sql] : sql) {
      const { rowCount } = await this.query(this.#bound(statement, parameters));
      count += rowCount;
    }
    return count;
  }

  #bound(sql: string, parameters: SqlParameters | undefined): BoundSql {
    return bindParameters(sql, parameters, (position) => this.placeholder(position));
  }
}
