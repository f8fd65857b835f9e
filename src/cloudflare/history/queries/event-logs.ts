/**
 * @module The audit log: append-only.
 */
import { withHistory } from "../history-error.ts";
import { Conditions, listPage } from "./list-query.ts";
import type { Listed, ListSource, Page } from "./list-query.ts";

export interface EventLogRow {
  readonly event_log_id: number;
  readonly at: number;
  readonly event: string;
  readonly owner: string | null;
  readonly dag_id: string | null;
  readonly run_id: string | null;
  readonly task_id: string | null;
  readonly map_index: number | null;
  readonly try_number: number | null;
  readonly logical_date: number | null;
  /** JSON text, without secrets. */
  readonly extra: string | null;
}

export interface EventLogFilters {
  readonly dagId?: string | undefined;
  readonly runId?: string | undefined;
  readonly taskId?: string | undefined;
  readonly mapIndex?: number | undefined;
  readonly tryNumber?: number | undefined;
  readonly owner?: string | undefined;
  readonly event?: string | undefined;
  readonly includedEvents?: readonly string[] | undefined;
  readonly excludedEvents?: readonly string[] | undefined;
  readonly at?: { readonly lt?: number | undefined; readonly gt?: number | undefined } | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly eventPattern?: string | undefined;
}

export const EVENT_LOG_ORDER = {
  id: "event_log_id",
  event_log_id: "event_log_id",
  when: "at",
  dttm: "at",
  dag_id: "dag_id",
  task_id: "task_id",
  run_id: "run_id",
  event: "event",
  owner: "owner",
  logical_date: "logical_date",
  extra: "extra",
} as const;

const SOURCE: ListSource = {
  columns: "*",
  from: "event_log",
  order: EVENT_LOG_ORDER,
  defaultOrder: ["id"],
  tieBreaker: "event_log_id",
};

export function listEventLogs(db: D1Database, filters: EventLogFilters, page: Page): Promise<Listed<EventLogRow>> {
  const conditions = new Conditions()
    .equals("dag_id", filters.dagId)
    .equals("run_id", filters.runId)
    .equals("task_id", filters.taskId)
    .equals("map_index", filters.mapIndex)
    .equals("try_number", filters.tryNumber)
    .equals("owner", filters.owner)
    .equals("event", filters.event)
    .oneOf("event", filters.includedEvents)
    .within("at", filters.at)
    .matches("dag_id", filters.dagIdPattern)
    .matches("event", filters.eventPattern);
  if (filters.excludedEvents !== undefined && filters.excludedEvents.length > 0) {
    conditions.add("event NOT IN (SELECT value FROM json_each(?))", JSON.stringify(filters.excludedEvents));
  }
  return listPage<EventLogRow>(db, SOURCE, conditions, page);
}

/** Appends one entry. */
export async function insertEventLog(db: D1Database, entry: Omit<EventLogRow, "event_log_id">): Promise<void> {
  const sql =
    "INSERT INTO event_log (at, event, owner, dag_id, run_id, task_id, map_index, try_number, logical_date, extra) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";
  const { at, event, owner, dag_id, run_id, task_id, map_index, try_number, logical_date, extra } = entry;
  const values = [at, event, owner, dag_id, run_id, task_id, map_index, try_number, logical_date, extra];
  await withHistory(() =>
    db
      .prepare(sql)
      .bind(...values)
      .run(),
  );
}
