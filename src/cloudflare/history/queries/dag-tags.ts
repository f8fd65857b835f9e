/**
 * @module All tags in use.
 */
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

export const DAG_TAG_ORDER = { name: "name" } as const;

const SOURCE: ListSource = {
  columns: "name",
  from: "(SELECT DISTINCT name FROM dag_tag)",
  order: DAG_TAG_ORDER,
  defaultOrder: ["name"],
  tieBreaker: "name",
};

export function listDagTags(
  db: D1Database,
  filters: { readonly namePattern?: string | undefined },
  page: Page,
): Promise<Listed<{ readonly name: string }>> {
  return listPage<{ name: string }>(db, SOURCE, new Conditions().matches("name", filters.namePattern), page);
}
