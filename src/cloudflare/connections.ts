/**
 * @module Airflow connections: the Worker's own environment first (`AIRFLOW_CONN_<ID>`, a URI or JSON), then D1, where password and extra are sealed.
 */
import { AirflareError } from "../model/error.ts";
import type { Connection, ConnectionPort } from "../runtime/ports.ts";
import { connectionUri, parseConnection } from "./connection-uri.ts";
import type { ConnectionFields } from "./connection-uri.ts";
import type { Env } from "./env.ts";
import { withHistory } from "./history/history-error.ts";
import { Conditions, listPage } from "./history/queries/list-query.ts";
import type { Listed, ListSource, Page } from "./history/queries/list-query.ts";
import { seal, unseal } from "./sealed-text.ts";

const ENV_PREFIX = "AIRFLOW_CONN_";

/** A connection with its secrets in the clear: whoever shows it masks them. */
export interface ConnectionEntry extends ConnectionFields {
  readonly id: string;
  readonly description: string | null;
}

interface ConnectionRow {
  readonly connection_id: string;
  readonly conn_type: string;
  readonly description: string | null;
  readonly host: string | null;
  readonly login: string | null;
  readonly schema: string | null;
  readonly port: number | null;
  readonly password: string | null;
  readonly extra: string | null;
}

const COLUMNS = "connection_id, conn_type, description, host, login, schema, port, password, extra";

export const CONNECTION_ORDER = {
  id: "connection_id",
  connection_id: "connection_id",
  conn_type: "conn_type",
  description: "description",
  host: "host",
  port: "port",
} as const;

const SOURCE: ListSource = {
  columns: COLUMNS,
  from: "connection",
  order: CONNECTION_ORDER,
  defaultOrder: ["connection_id"],
  tieBreaker: "connection_id",
};

/** The port that `ctx.connections` reads through. */
export function connectionPort(env: Env): ConnectionPort {
  return {
    get: async (id) => {
      const text = environmentText(env, id);
      if (text !== undefined) return withUri(id, parsed(id, text));
      const entry = await getConnection(env, id);
      return entry === null ? undefined : withUri(id, entry);
    },
    ids: async () => {
      const rows = await withHistory(() =>
        env.DB.prepare("SELECT connection_id FROM connection ORDER BY connection_id LIMIT 1000").all<{
          connection_id: string;
        }>(),
      );
      return [...environmentIds(env), ...rows.results.map((row) => row.connection_id)];
    },
  };
}

/** Null when D1 has no such connection; the environment is not asked. */
export async function getConnection(env: Env, id: string): Promise<ConnectionEntry | null> {
  const row = await withHistory(() =>
    env.DB.prepare(`SELECT ${COLUMNS} FROM connection WHERE connection_id = ?`).bind(id).first<ConnectionRow>(),
  );
  return row === null ? null : await opened(env, row);
}

/** Creates or replaces. Throws `not_configured` without `AIRFLARE_SECRET_KEY`. */
export async function setConnection(env: Env, entry: ConnectionEntry, now: number): Promise<void> {
  const secret = env.AIRFLARE_SECRET_KEY;
  const password = entry.password === null ? null : await seal(secret, owner(entry.id, "password"), entry.password);
  const extra = await seal(secret, owner(entry.id, "extra"), JSON.stringify(entry.extra));
  const sql = `INSERT INTO connection (${COLUMNS}, updated_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (connection_id) DO UPDATE SET conn_type = excluded.conn_type, description = excluded.description, host = excluded.host,
    login = excluded.login, schema = excluded.schema, port = excluded.port, password = excluded.password, extra = excluded.extra,
    updated_at = excluded.updated_at`;
  const { id, connType, description, host, login, schema, port } = entry;
  const values = [id, connType, description, host, login, schema, port, password, extra, now];
  await withHistory(() =>
    env.DB.prepare(sql)
      .bind(...values)
      .run(),
  );
}

/** False when there was none. */
export async function deleteConnection(env: Env, id: string): Promise<boolean> {
  const done = await withHistory(() => env.DB.prepare("DELETE FROM connection WHERE connection_id = ?").bind(id).run());
  return done.meta.changes > 0;
}

export async function listConnections(
  env: Env,
  filters: { readonly idPattern?: string | undefined },
  page: Page,
): Promise<Listed<ConnectionEntry>> {
  const conditions = new Conditions().matches("connection_id", filters.idPattern);
  const { rows, total } = await listPage<ConnectionRow>(env.DB, SOURCE, conditions, page);
  return { rows: await Promise.all(rows.map((row) => opened(env, row))), total };
}

async function opened(env: Env, row: ConnectionRow): Promise<ConnectionEntry> {
  const { connection_id: id, conn_type: connType, description, host, login, schema, port } = row;
  const open = (column: "password" | "extra"): Promise<string | null> => {
    const sealed = row[column];
    return sealed === null ? Promise.resolve(null) : unseal(env.AIRFLARE_SECRET_KEY, owner(id, column), sealed);
  };
  const [password, extraText] = await Promise.all([open("password"), open("extra")]);
  const extra: Record<string, unknown> = extraText === null ? {} : JSON.parse(extraText);
  return { id, connType, description, host, login, schema, port, password, extra };
}

function parsed(id: string, text: string): ConnectionFields {
  const fields = parseConnection(text);
  if (fields === null) {
    throw new AirflareError(
      "invalid_request",
      `${ENV_PREFIX}${id.toUpperCase()} is neither a URI (\`postgres://user:password@host:5432/db\`) nor a JSON object with conn_type.`,
      { details: { connection_id: id } },
    );
  }
  return fields;
}

function withUri(id: string, { connType, host, port, login, password, schema, extra }: ConnectionFields): Connection {
  const fields = { connType, host, port, login, password, schema, extra };
  return { id, ...fields, uri: connectionUri(fields) };
}

function owner(id: string, column: "password" | "extra"): string {
  return `connection:${id}:${column}`;
}

/** A text binding of the Worker by Airflow's name. */
function environmentText(env: Env, id: string): string | undefined {
  const value = new Map<string, unknown>(Object.entries(env)).get(`${ENV_PREFIX}${id.toUpperCase()}`);
  return typeof value === "string" ? value : undefined;
}

function environmentIds(env: Env): readonly string[] {
  return Object.keys(env)
    .filter((name) => name.startsWith(ENV_PREFIX))
    .map((name) => name.slice(ENV_PREFIX.length).toLowerCase());
}
