/**
 * @module Which kinds of connection a hook takes, and what it says to others.
 */
import type { ConnectionInfo } from "../context.ts";
import { AirflareError } from "../../model/error.ts";

/** Throws `wrong_connection_type` unless the connection is of one of these kinds. */
export function assertConnType(connection: ConnectionInfo, hook: string, connTypes: readonly string[]): void {
  if (connTypes.includes(connection.connType)) return;
  throw new AirflareError(
    "wrong_connection_type",
    `Connection ${connection.id} is of type ${connection.connType}; ${hook} takes ${connTypes.join(", ")}. ` +
      `Change its type (airflare connections), or use the hook of that type.`,
    { details: { connection_id: connection.id, conn_type: connection.connType } },
  );
}
