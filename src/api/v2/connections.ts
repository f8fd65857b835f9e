/**
 * @module Airflow connections.
 */
import { ConnectionBody, MASK, connectionListQuery, connectionResponse, unmasked } from "../schemas/variables.ts";
import { keyedRoutes } from "../keyed-resource.ts";
import { readBody } from "../validation.ts";
import { validationError } from "../errors.ts";
import type { ApiApp } from "../ports.ts";
import type { ConnectionEntry } from "../../cloudflare/connections.ts";
import type * as z from "zod/mini";

export function connectionRoutes(app: ApiApp): void {
  app.post("/api/v2/connections/test", async (c) => {
    const body = await readBody(c, ConnectionBody);
    const stored = await c.var.ports.connections.get(body.connection_id);
    return c.json(await c.var.ports.tryConnection(triedEntry(body, stored)));
  });
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
    entryOf,
    response: connectionResponse,
  });
}

type Body = z.output<typeof ConnectionBody>;

/** Of masked secrets the stored ones, as long as they go to the place they are stored for. */
function triedEntry(body: Body, stored: ConnectionEntry | null): ConnectionEntry {
  const place = ({ connType, host, port }: ConnectionEntry): string => JSON.stringify([connType, host, port]);
  const alone = entryOf(body, null, new Set(Object.keys(body)));
  if (stored === null || place(alone) !== place(stored)) return alone;
  const tried = entryOf(body, stored, new Set(Object.keys(body)));
  const endpoint = ({ extra }: ConnectionEntry): unknown => extra["endpoint_url"] ?? null;
  return endpoint(tried) === endpoint(stored) ? tried : alone;
}

function entryOf(body: Body, stored: ConnectionEntry | null, fields: ReadonlySet<string>): ConnectionEntry {
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
