/**
 * @module `sqlSensor`: runs a statement until its answer is as wanted (Airflow's `SqlSensor`): the first cell of the first row is neither 0, "0", "" nor null.
 */
import type { ConnectionId } from "../register.ts";
import type { Context } from "../context.ts";
import type { SensorOptions } from "./sensor.ts";
import type { SqlHook, SqlRow } from "../hooks/sql-hook.ts";
import type { SqlParameters } from "../hooks/sql-parameters.ts";
import type { TaskArg } from "../xcom-arg.ts";
import { AirflareError } from "../../model/error.ts";
import { AirflowException } from "../exceptions.ts";
import { D1Hook } from "../hooks/d1-hook.ts";
import { Fields, type Field } from "./fields.ts";
import { placeBuiltIn } from "./sensor.ts";
import { PostgresHook } from "../hooks/postgres-hook.ts";

export interface SqlSensorOptions extends SensorOptions {
  /** A `postgres`, `hyperdrive` or `d1` connection. */
  readonly connId: ConnectionId;
  readonly sql: Field<string>;
  /** Bound, never spliced: `%(name)s` with an object, placeholders with a list. */
  readonly parameters?: Field<SqlParameters>;
  /** What of the first row is looked at; default: its first cell. */
  readonly selector?: (row: SqlRow) => unknown;
  /** Ends the wait; default: the cell is true. */
  readonly success?: (value: unknown) => boolean;
  /** Fails the sensor; asked before `success`. */
  readonly failure?: (value: unknown) => boolean;
  /** No row fails the sensor; default: it is waited for one. */
  readonly failOnEmpty?: boolean;
}

/**
 * Waits until the statement answers as wanted.
 * @example
 * sqlSensor("orders_loaded", { connId: "postgres_default", sql: "SELECT count(*) FROM orders WHERE day = %(day)s", parameters: (ctx) => ({ day: ctx.ds }) });
 */
export function sqlSensor(id: string, options: SqlSensorOptions): TaskArg<void> {
  const {
    connId,
    sql,
    parameters,
    selector = firstCell,
    success = isSet,
    failure,
    failOnEmpty = false,
    ...rest
  } = options;
  return placeBuiltIn({
    id,
    operatorName: "SqlSensor",
    options: rest,
    fields: new Fields({ taskId: id }, { sql, parameters }),
    poke: async (values, context) => {
      context.log.info(`Poking: ${String(values["sql"])}`);
      const hook = await hookOf(context, connId);
      // Checked by the hook, which names what does not fit.
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion
      const bound = values["parameters"] as SqlParameters | undefined;
      const row = await hook.getFirst(String(values["sql"]), bound);
      if (row === null) {
        if (failOnEmpty) throw new AirflowException("No rows returned, raising as per failOnEmpty.");
        return false;
      }
      const value = selector(row);
      if (failure?.(value) === true)
        throw new AirflowException(`Failure criteria met: failure(${String(value)}) returned true.`);
      return success(value);
    },
  });
}

async function hookOf(context: Context, connId: ConnectionId): Promise<SqlHook> {
  const { connType } = await context.connections.get(connId);
  if (connType === "d1") return context.hook(D1Hook, connId);
  if (connType === "postgres" || connType === "postgresql" || connType === "hyperdrive")
    return context.hook(PostgresHook, connId);
  throw new AirflareError(
    "wrong_connection_type",
    `Connection ${connId} is of type ${connType}; a sqlSensor takes postgres, hyperdrive or d1.`,
  );
}

function firstCell(row: SqlRow): unknown {
  return Object.values(row)[0];
}

/** Airflow's rule for the first cell. A database that answers numbers as text has "0". */
function isSet(value: unknown): boolean {
  return value !== "0" && Boolean(value);
}
