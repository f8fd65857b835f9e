/**
 * @module Pages of lists as Airflow's API cuts them: `limit` (50, at most 100; 0 = only the count), `offset`, `order_by` with `-` for descending.
 */
import { HttpDetailError } from "./errors.ts";

/** Airflow's `fallback_page_limit` and `maximum_page_limit`. */
export const PAGE_LIMIT_DEFAULT = 50;
export const PAGE_LIMIT_MAX = 100;

export interface SortKey {
  readonly by: string;
  readonly descending: boolean;
}

export interface PageRequest {
  readonly offset: number;
  readonly limit: number;
  readonly order: readonly SortKey[];
}

export interface Page<Row> {
  readonly rows: readonly Row[];
  /** Of the whole list, not of this page. */
  readonly total: number;
}

/** The page a request asks for. `allowed` maps the names of the wire to those of the port; another name is Airflow's 400. */
export function pageRequest(
  query: {
    readonly limit?: number | undefined;
    readonly offset?: number | undefined;
    readonly order_by?: readonly string[] | undefined;
  },
  allowed: Readonly<Record<string, string>>,
  fallback: readonly string[],
): PageRequest {
  const given = query.order_by ?? [];
  const order = (given.length === 0 ? fallback : given).map((text) => sortKey(text, allowed));
  return { offset: query.offset ?? 0, limit: Math.min(query.limit ?? PAGE_LIMIT_DEFAULT, PAGE_LIMIT_MAX), order };
}

function sortKey(text: string, allowed: Readonly<Record<string, string>>): SortKey {
  const name = text.replace(/^-/, "");
  const by = Object.hasOwn(allowed, name) ? allowed[name] : undefined;
  if (by === undefined) {
    throw new HttpDetailError(
      400,
      `Ordering with '${name}' is disallowed or the attribute does not exist on the model`,
    );
  }
  return { by, descending: text.startsWith("-") };
}

/** Cuts a page out of rows that are all at hand (one run's instances, a DAG's tasks). */
export function slicePage<Row>(
  rows: readonly Row[],
  page: PageRequest,
  valueOf: (row: Row, by: string) => string | number | null,
): Page<Row> {
  const sorted = page.order.length === 0 ? rows : rows.toSorted((a, b) => compareRows(a, b, page.order, valueOf));
  return { rows: sorted.slice(page.offset, page.offset + page.limit), total: rows.length };
}

function compareRows<Row>(
  a: Row,
  b: Row,
  order: readonly SortKey[],
  valueOf: (row: Row, by: string) => string | number | null,
): number {
  for (const { by, descending } of order) {
    const [left, right] = [valueOf(a, by), valueOf(b, by)];
    if (left === right) continue;
    // Rows without a value come last in both directions, as in the history's lists.
    if (left === null) return 1;
    if (right === null) return -1;
    return left < right === descending ? 1 : -1;
  }
  return 0;
}
