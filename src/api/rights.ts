/**
 * @module Who may do what: one table from method and route to the right it takes. A route that is not here answers 403 to everybody.
 */
import type { Caller } from "./ports.ts";

/** `<resource>:<action>`; `public` answers without a token. */
export type Right =
  | "public"
  | "dag:read"
  | "dag:edit"
  | "dag_run:read"
  | "dag_run:create"
  | "dag_run:edit"
  | "dag_run:delete"
  | "task_instance:read"
  | "task_instance:edit"
  | "xcom:read"
  | "xcom:edit"
  | "log:read"
  | "variable:read"
  | "variable:edit"
  | "connection:read"
  | "connection:edit"
  | "pool:read"
  | "pool:edit"
  | "backfill:read"
  | "backfill:edit"
  | "schedule:read"
  | "schedule:edit"
  | "metrics:read"
  | "history:rebuild";

const DAG = "/api/v2/dags/:dag_id";
const RUN = `${DAG}/dagRuns/:dag_run_id`;
const TI = `${RUN}/taskInstances/:task_id`;
const OWN_TI = "/api/airflare/v1/dags/:dag_id/dagRuns/:dag_run_id";

/** Key: method, space, route pattern. */
export const RIGHTS: Readonly<Record<string, Right>> = {
  "POST /auth/token": "public",
  "POST /auth/token/cli": "public",
  "GET /api/v2/version": "public",
  "GET /api/v2/monitor/health": "public",

  "GET /api/v2/dags": "dag:read",
  "PATCH /api/v2/dags": "dag:edit",
  [`GET ${DAG}`]: "dag:read",
  [`PATCH ${DAG}`]: "dag:edit",
  [`GET ${DAG}/details`]: "dag:read",
  "GET /api/airflare/v1/dags/:dag_id/nextRuns": "dag:read",
  "GET /api/airflare/v1/nextRuns": "dag:read",
  [`GET ${DAG}/tasks`]: "dag:read",
  [`GET ${DAG}/tasks/:task_id`]: "dag:read",
  [`GET ${DAG}/dagVersions`]: "dag:read",
  [`GET ${DAG}/dagVersions/:version_number`]: "dag:read",
  "GET /api/v2/dagSources/:dag_id": "dag:read",
  "GET /api/v2/dagStats": "dag_run:read",
  "GET /api/v2/dagTags": "dag:read",
  "GET /api/v2/dagWarnings": "dag:read",
  "GET /api/v2/importErrors": "dag:read",
  "GET /api/v2/importErrors/:import_error_id": "dag:read",

  [`GET ${DAG}/dagRuns`]: "dag_run:read",
  [`POST ${DAG}/dagRuns`]: "dag_run:create",
  [`POST ${DAG}/dagRuns/list`]: "dag_run:read",
  [`GET ${RUN}`]: "dag_run:read",
  [`PATCH ${RUN}`]: "dag_run:edit",
  [`DELETE ${RUN}`]: "dag_run:delete",
  [`POST ${RUN}/clear`]: "dag_run:edit",
  [`GET ${RUN}/wait`]: "dag_run:read",

  [`POST ${DAG}/clearTaskInstances`]: "task_instance:edit",
  [`GET ${RUN}/taskInstances`]: "task_instance:read",
  [`POST ${RUN}/taskInstances/list`]: "task_instance:read",
  [`GET ${TI}`]: "task_instance:read",
  [`PATCH ${TI}`]: "task_instance:edit",
  [`PATCH ${TI}/dry_run`]: "task_instance:edit",
  [`GET ${TI}/listMapped`]: "task_instance:read",
  [`GET ${TI}/tries`]: "task_instance:read",
  [`GET ${TI}/tries/:task_try_number`]: "task_instance:read",
  [`GET ${TI}/dependencies`]: "task_instance:read",
  [`GET ${TI}/:map_index{-?[0-9]+}`]: "task_instance:read",
  [`PATCH ${TI}/:map_index{-?[0-9]+}`]: "task_instance:edit",
  [`PATCH ${TI}/:map_index{-?[0-9]+}/dry_run`]: "task_instance:edit",
  [`GET ${TI}/:map_index{-?[0-9]+}/tries`]: "task_instance:read",
  [`GET ${TI}/:map_index{-?[0-9]+}/tries/:task_try_number`]: "task_instance:read",
  [`GET ${TI}/:map_index{-?[0-9]+}/dependencies`]: "task_instance:read",
  [`GET ${TI}/logs/:try_number`]: "log:read",

  [`GET ${TI}/xcomEntries`]: "xcom:read",
  [`POST ${TI}/xcomEntries`]: "xcom:edit",
  [`GET ${TI}/xcomEntries/:xcom_key`]: "xcom:read",
  [`PATCH ${TI}/xcomEntries/:xcom_key`]: "xcom:edit",
  [`DELETE ${TI}/xcomEntries/:xcom_key`]: "xcom:edit",

  "GET /api/v2/variables": "variable:read",
  "POST /api/v2/variables": "variable:edit",
  "PATCH /api/v2/variables": "variable:edit",
  "GET /api/v2/variables/:key{.+}": "variable:read",
  "PATCH /api/v2/variables/:key{.+}": "variable:edit",
  "DELETE /api/v2/variables/:key{.+}": "variable:edit",

  "GET /api/v2/connections": "connection:read",
  "POST /api/v2/connections": "connection:edit",
  "POST /api/v2/connections/test": "connection:edit",
  "PATCH /api/v2/connections": "connection:edit",
  "GET /api/v2/connections/:key{.+}": "connection:read",
  "PATCH /api/v2/connections/:key{.+}": "connection:edit",
  "DELETE /api/v2/connections/:key{.+}": "connection:edit",

  "GET /api/v2/pools": "pool:read",
  "POST /api/v2/pools": "pool:edit",
  "PATCH /api/v2/pools": "pool:edit",
  "GET /api/v2/pools/:key{.+}": "pool:read",
  "PATCH /api/v2/pools/:key{.+}": "pool:edit",
  "DELETE /api/v2/pools/:key{.+}": "pool:edit",

  "GET /api/v2/backfills": "backfill:read",
  "POST /api/v2/backfills": "backfill:edit",
  "POST /api/v2/backfills/dry_run": "backfill:edit",
  "GET /api/v2/backfills/:backfill_id": "backfill:read",
  "PUT /api/v2/backfills/:backfill_id/pause": "backfill:edit",
  "PUT /api/v2/backfills/:backfill_id/unpause": "backfill:edit",
  "PUT /api/v2/backfills/:backfill_id/cancel": "backfill:edit",
  "GET /api/airflare/v1/backfills/:backfill_id/progress": "backfill:read",

  "GET /api/airflare/v1/schedules": "schedule:read",
  "POST /api/airflare/v1/schedules": "schedule:edit",
  "GET /api/airflare/v1/schedules/:schedule_id": "schedule:read",
  "PATCH /api/airflare/v1/schedules/:schedule_id": "schedule:edit",
  "DELETE /api/airflare/v1/schedules/:schedule_id": "schedule:edit",

  "GET /metrics": "metrics:read",

  "POST /api/airflare/v1/history/rebuild": "history:rebuild",

  [`GET ${OWN_TI}/taskInstances/:task_id/why`]: "task_instance:read",
  [`GET ${OWN_TI}/cost`]: "dag_run:read",
};

/** The right a route takes; `undefined` = nobody may. */
export function rightOf(method: string, pattern: string): Right | undefined {
  const key = `${method} ${pattern}`;
  return Object.hasOwn(RIGHTS, key) ? RIGHTS[key] : undefined;
}

/** Whether a caller's role holds a right. The role `admin` holds all. */
export function holds(caller: Caller, right: Right): boolean {
  return right === "public" || caller.role === "admin";
}
