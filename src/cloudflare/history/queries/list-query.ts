/**
 * @module How every list of the history is asked: filters as bound parameters, order columns by allow-list, one page and the total.
 */
import { AirflareError } from "../../../model/error.ts";
import { withHistory } from "../history-error.ts";

/** One page of a list. `orderBy` holds column words of the resource, `-` in front for descending. */
export interface Page {
  readonly limit: number;
  readonly offset: number;
  readonly orderBy?: readonly string[] | undefined;
}

export interface Listed<Row> {
  readonly rows: readonly Row[];
  /** Rows of all pages. */
  readonly total: number;
}

/** Bounds on a time or number column; each is optional. */
export interface Bounds {
  readonly gte?: number | undefined;
  readonly gt?: number | undefined;
  readonly lte?: number | undefined;
  readonly lt?: number | undefined;
}

type Bound = string | number | null;

/** D1's limit on a LIKE pattern. */
const LIKE_BYTES_MAX = 50;
const BOUND_NAMES = ["gte", "gt", "lte", "lt"] as const;
const OPERATORS = { gte: ">=", gt: ">", lte: "<=", lt: "<" } as const;

/** Conditions joined by AND. A filter that is undefined adds nothing. */
export class Conditions {
  readonly #parts: string[] = [];
  readonly params: Bound[] = [];

  /** `sql` with one `?` per parameter. */
  add(sql: string, ...params: readonly Bound[]): this {
    this.#parts.push(sql);
    this.params.push(...params);
    return this;
  }

  equals(column: string, value: Bound | boolean | undefined): this {
    if (value === undefined) return this;
    if (value === null) return this.add(`${column} IS NULL`);
    return this.add(`${column} = ?`, typeof value === "boolean" ? Number(value) : value);
  }

  /** One parameter whatever the length; `null` in the list matches NULL. An empty list restricts nothing. */
  oneOf(column: string, values: readonly (string | number | null)[] | undefined): this {
    if (values === undefined || values.length === 0) return this;
    const list = JSON.stringify(values.filter((value) => value !== null));
    const among = `${column} IN (SELECT value FROM json_each(?))`;
    return this.add(values.includes(null) ? `(${among} OR ${column} IS NULL)` : among, list);
  }

  within(column: string, bounds: Bounds | undefined): this {
    for (const name of BOUND_NAMES) {
      const value = bounds?.[name];
      if (value !== undefined) this.add(`${column} ${OPERATORS[name]} ?`, value);
    }
    return this;
  }

  /** Airflow's patterns: contains, case-insensitive, `%` and `_` are wildcards, `|` is OR, `~` is everything. */
  matches(column: string, pattern: string | undefined): this {
    if (pattern === undefined || pattern === "" || pattern === "~") return this;
    const alternatives = pattern.split("|").filter((part) => part !== "");
    const parts = alternatives.map((part) => {
      if (!/[%_]/.test(part)) return { sql: `instr(lower(${column}), ?) > 0`, param: part.toLowerCase() };
      const like = `%${part}%`;
      if (new TextEncoder().encode(like).length > LIKE_BYTES_MAX) {
        throw new AirflareError(
          "invalid_request",
          `The pattern '${part}' is too long: with wildcards it may have ${LIKE_BYTES_MAX - 2} bytes.`,
        );
      }
      return { sql: `${column} LIKE ?`, param: like };
    });
    return this.add(`(${parts.map((part) => part.sql).join(" OR ")})`, ...parts.map((part) => part.param));
  }

  /** Case-sensitive. */
  startsWith(column: string, prefix: string | undefined): this {
    return prefix === undefined || prefix === ""
      ? this
      : this.add(`substr(${column}, 1, ?) = ?`, prefix.length, prefix);
  }

  get where(): string {
    return this.#parts.length === 0 ? "" : ` WHERE ${this.#parts.join(" AND ")}`;
  }
}

/** Where a list comes from and how it may be ordered. */
export interface ListSource {
  readonly columns: string;
  readonly from: string;
  /** Word of the API to SQL expression. */
  readonly order: Readonly<Record<string, string>>;
  /** Expressions of `order` that are never NULL: only without a look for NULL does an index give their order. */
  readonly neverNull?: readonly string[];
  readonly defaultOrder: readonly string[];
  /** Makes the order total, so that pages do not overlap. */
  readonly tieBreaker: string;
  /** How to count, where not all rows are to be read for it: an aggregate of `from`. */
  readonly count?: { readonly value: string; readonly from: string };
}

/** One page of a list and its total, in one round trip. */
export async function listPage<Row>(
  db: D1Database,
  source: ListSource,
  conditions: Conditions,
  page: Page,
): Promise<Listed<Row>> {
  const sql = `SELECT ${source.columns} FROM ${source.from}${conditions.where} ORDER BY ${orderClause(source, page.orderBy)} LIMIT ? OFFSET ?`;
  const { value, from } = source.count ?? { value: "count(*)", from: source.from };
  const count = `SELECT ${value} AS total FROM ${from}${conditions.where}`;
  return withHistory(async () => {
    const [rows, totals] = await db.batch<Row & { total: number }>([
      db.prepare(sql).bind(...conditions.params, page.limit, page.offset),
      db.prepare(count).bind(...conditions.params),
    ]);
    return { rows: rows?.results ?? [], total: totals?.results[0]?.total ?? 0 };
  });
}

/** ORDER BY of allowed words only. Throws `invalid_request` that lists them. */
function orderClause(source: ListSource, orderBy: readonly string[] | undefined): string {
  const words = orderBy === undefined || orderBy.length === 0 ? source.defaultOrder : orderBy;
  const parts = words.map((word) => {
    const descending = word.startsWith("-");
    const name = descending ? word.slice(1) : word;
    const column = Object.hasOwn(source.order, name) ? source.order[name] : undefined;
    if (column === undefined) {
      throw new AirflareError(
        "invalid_request",
        `Cannot order by '${name}'. Allowed: ${Object.keys(source.order).join(", ")}.`,
        {
          details: { order_by: name },
        },
      );
    }
    const sorted = `${column} ${descending ? "DESC" : "ASC"}`;
    // Rows without a value come last in both directions.
    return source.neverNull?.includes(column) === true ? sorted : `${column} IS NULL, ${sorted}`;
  });
  return [...parts, source.tieBreaker].join(", ");
}
