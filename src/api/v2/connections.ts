/**
 * @module Airflow connections.
 */
import { ConnectionBody, MASK, connectionListQuery, connectionResponse, unmasked } from "../schemas/variables.ts";
import { keyedRoutes } from "../keyed-resource.ts";
import { validationError } from "../errors.ts";
import type { ApiApp } from "../ports.ts";

export function connectionRoutes(app: ApiApp): void {
  keyedRoutes(app, {
    path: "/api/v2/connections",
    noun: "Connection",
    keyField: "connection_id",
    listField: "connections",
    listQuery: connectionListQuery,
    patternField: "connection_id_pattern",
    order: {
      connection_id: "connection_id",
      id: "id",
      conn_type: "conn_type",
      description: "description",
      host: "host",
      port: "port",
    },
    body: ConnectionBody,
    store: (ports) => ports.connections,
    keyOf: (body) => body.connection_id,
    entryOf: (body, stored, fields) => {
      const keeps = (field: string): boolean => stored !== null && !fields.has(field);
      const text = (field: "description" | "host" | "login" | "schema" | "password"): string | null =>
        stored !== null && keeps(field) ? stored[field] : (body[field] ?? null);
      return {
        id: body.connection_id,
        connType: stored !== null && keeps("conn_type") ? stored.connType : body.conn_type,
        description: text("description"),
        host: text("host"),
        login: text("login"),
        schema: text("schema"),
        port: stored !== null && keeps("port") ? stored.port : (body.port ?? null),
        password: stored !== null && body.password === MASK ? stored.password : text("password"),
        extra:
          stored !== null && keeps("extra") ? stored.extra : unmasked(extraOf(body.extra ?? null), stored?.extra ?? {}),
      };
    },
    response: connectionResponse,
  });
}

/** `extra` is the text of a JSON object. */
function extraOf(text: string | null): Record<string, unknown> {
  if (text === null || text.trim() === "") return {};
  let value: unknown;
  try {
    value = JSON.parse(text, (key, item: unknown) => (key === "__proto__" ? undefined : item));
  } catch {
    value = undefined;
  }
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return Object.fromEntries(Object.entries(value));
  throw validationError([
    {
      type: "value_error",
      loc: ["body", "extra"],
      msg: "Value error, The `extra` field must be a valid JSON object (e.g., {'key': 'value'}), but encountered non-JSON in `extra` field",
      input: text,
    },
  ]);
}
