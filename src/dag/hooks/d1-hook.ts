/**
 * @module `D1Hook`: a D1 database that is bound to the Worker. The connection names the binding: `"d1:SHOP_DB"` in `airflare.config.ts`, or `d1://SHOP_DB`.
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import type { BoundSql } from "./sql-parameters.ts";
import { assertConnType } from "./hook-kind.ts";
import { bindingOf } from "./binding.ts";
import { SqlHook, type SqlResult, type SqlRow } from "./sql-hook.ts";

/** The part of a D1 binding that the hook uses. */
interface Database {
  prepare(sql: string): {
    bind(...values: unknown[]): {
      all(): Promise<{ readonly results: readonly SqlRow[]; readonly meta: { readonly changes?: number } }>;
    };
  };
}

/**
 * A bound D1 database: `await ctx.hook(D1Hook, "shop_db")`. D1 has no cursors: `stream` reads the result as a whole.
 */
export class D1Hook extends SqlHook {
  readonly #database: Database;

  /** Throws `wrong_connection_type` and `binding_missing`. */
  constructor(connection: ConnectionInfo, env: Env) {
    super();
    assertConnType(connection, "D1Hook", ["d1"]);
    this.#database = bindingOf(env, connection.host ?? "", "D1", ["prepare", "batch"]) as Database;
  }

  protected override placeholder(position: number): string {
    return `?${position}`;
  }

  protected override async query({ text, values }: BoundSql): Promise<SqlResult> {
    const { results, meta } = await this.#database
      .prepare(text)
      .bind(...values.map(bindable))
      .all();
    return { rows: results, rowCount: results.length > 0 ? results.length : (meta.changes ?? 0) };
  }

  protected override async *pages(sql: BoundSql, pageSize: number): AsyncIterable<readonly SqlRow[]> {
    const { rows } = await this.query(sql);
    for (let at = 0; at < rows.length; at += pageSize) yield rows.slice(at, at + pageSize);
  }
}

/** D1 takes null, numbers, texts and bytes; anything else as its text. */
function bindable(value: unknown): unknown {
  if (value === undefined || value === null) return null;
  if (value instanceof Date) return value.toISOString();
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (typeof value === "object" && !(value instanceof Uint8Array) && !(value instanceof ArrayBuffer))
    return JSON.stringify(value);
  return value;
}
