/**
 * @module `sqlExecuteQuery`: runs SQL over a connection (Airflow's `SQLExecuteQueryOperator`, once `PostgresOperator`, `MySqlOperator`).
 */
import type { ConnectionId } from "../register.ts";
import type { Context, HookClass } from "../context.ts";
import type { SqlParameters } from "../hooks/sql-parameters.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflareError } from "../../model/error.ts";
import { D1Hook } from "../hooks/d1-hook.ts";
import { Fields, type Field } from "../sensors/fields.ts";
import { type OperatorOptions, placeOperator } from "./operator.ts";
import { PostgresHook } from "../hooks/postgres-hook.ts";
import type { SqlHook, SqlRow } from "../hooks/sql-hook.ts";

/** The hook of a connection type. */
const HOOKS: Readonly<Record<string, HookClass<SqlHook>>> = {
  postgres: PostgresHook,
  postgresql: PostgresHook,
  hyperdrive: PostgresHook,
  d1: D1Hook,
};

export interface SqlExecuteQueryOptions extends OperatorOptions {
  readonly connId: ConnectionId;
  /** One statement, or a list that runs in order. A template puts text into the statement: values belong into `parameters`. */
  readonly sql: Field<string> | Field<readonly string[]>;
  /** Bound to `%(name)s`, `%s` or `$1`. */
  readonly parameters?: Field<SqlParameters>;
  /** For a database whose connection type has no hook of its own here. */
  readonly hook?: HookClass<SqlHook>;
}

/**
 * Places the query. Its result is the rows of the last statement.
 * @example
 * const counted = sqlExecuteQuery("count_orders", { connId: "postgres_default", sql: "SELECT count(*) AS n FROM orders WHERE day = %(day)s", parameters: { day: "{{ ds }}" } });
 */
export function sqlExecuteQuery<T extends object = SqlRow>(id: string, options: SqlExecuteQueryOptions): TaskArg<T[]> {
  const { connId, sql, parameters, hook, ...rest } = options;
  return placeOperator({
    id,
    operatorName: "SQLExecuteQueryOperator",
    options: rest,
    fields: new Fields({ taskId: id }, { sql, parameters }),
    execute: async (values, context) => {
      const database = await sqlHookOf(context, connId, hook);
      // What was given for the field, its templates rendered.
      const bound = values["parameters"] as SqlParameters | undefined;
      const statements = [values["sql"]].flat().map(String);
      let rows: T[] = [];
      for (const statement of statements) {
        context.log.info(`Running: ${statement}`);
        rows = await database.getRecords<T>(statement, bound);
      }
      return rows;
    },
  });
}

/** The hook over a connection, chosen by its type. Throws `wrong_connection_type` when that is no database we know. */
export async function sqlHookOf(context: Context, connId: ConnectionId, hook?: HookClass<SqlHook>): Promise<SqlHook> {
  if (hook !== undefined) return context.hook(hook, connId);
  const { connType } = await context.connections.get(connId);
  const known = Object.hasOwn(HOOKS, connType) ? HOOKS[connType] : undefined;
  if (known !== undefined) return context.hook(known, connId);
  throw new AirflareError(
    "wrong_connection_type",
    `Connection ${connId} is of type ${connType}; SQL runs over ${Object.keys(HOOKS).join(", ")}, or with a hook of your own (option hook).`,
    { details: { connection_id: connId, conn_type: connType } },
  );
}
