/**
 * @module Airflow connections: the Worker's own environment first (`AIRFLARE_CONN_<ID>`, a URI or JSON), then D1, where password and extra are sealed, then a
 * binding that `airflare.config.ts` names (`"hyperdrive:PG"`).
 */
import { testConnection } from "../dag/hooks/test-connection.ts";
import { AirflareError } from "../model/error.ts";
import type { Connection, ConnectionPort } from "../runtime/ports.ts";
import { SecretMasker } from "../runtime/secret-masker.ts";
import { connectionUri, parseConnection } from "./connection-uri.ts";
import type { ConnectionFields } from "./connection-uri.ts";
import type { Env } from "./env.ts";
import { environmentEntry, environmentIds } from "./environment-entries.ts";
import { withHistory } from "./history/history-error.ts";
import { Conditions, listPage } from "./history/queries/list-query.ts";
import type { Listed, ListSource, Page } from "./history/queries/list-query.ts";
import { seal, unseal } from "./sealed-text.ts";

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

/** The port that `ctx.connections` reads through. `declared`: kinds by id, from the project's config. */
export function connectionPort(env: Env, declared: Readonly<Record<string, string>> = {}): ConnectionPort {
  return {
    get: async (id) => {
      const text = environmentEntry(env, "CONN", id);
      if (text !== undefined) return withUri(id, parsed(text));
      const entry = (await getConnection(env, id)) ?? boundConnection(declared[id]);
      return entry === null ? undefined : withUri(id, entry);
    },
    ids: async () => {
      const rows = await withHistory(() =>
        env.DB.prepare("SELECT connection_id FROM connection ORDER BY connection_id LIMIT 1000").all<{
          connection_id: string;
        }>(),
      );
      const bound = Object.keys(declared).filter((id) => boundConnection(declared[id]) !== null);
      return [...environmentIds(env, "CONN"), ...bound, ...rows.results.map((row) => row.connection_id)];
    },
  };
}

/** Tries a connection out as it is given. The answer holds no secret of it. */
export async function tryConnection(
  env: Env,
  { id, ...fields }: ConnectionEntry,
): Promise<{ readonly status: boolean; readonly message: string }> {
  const connection = withUri(id, fields);
  const masker = new SecretMasker(env);
  masker.registerConnection(connection);
  const { status, message } = await testConnection(connection, env);
  return { status, message: masker.mask(message) };
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

/** `<type>:<binding>` is a whole connection: the binding knows the rest. */
function boundConnection(kind: string | undefined): ConnectionFields | null {
  const [, connType, host] = /^(\w+):(\w+)$/.exec(kind ?? "") ?? [];
  if (connType === undefined || host === undefined) return null;
  return { connType, host, port: null, login: null, password: null, schema: null, extra: {} };
}

function parsed({ name, text }: { readonly name: string; readonly text: string }): ConnectionFields {
  const fields = parseConnection(text);
  if (fields === null) {
    throw new AirflareError(
      "invalid_request",
      `${name} is neither a URI (\`postgres://user:password@host:5432/db\`) nor a JSON object with conn_type.`,
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
