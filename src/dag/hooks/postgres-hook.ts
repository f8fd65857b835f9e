/**
 * @module `PostgresHook` (Airflow's): PostgreSQL over TCP, or through a Hyperdrive binding. The driver (`postgres`) is loaded by the first query.
 *
 * One connection for the attempt, opened by the first query and closed when the attempt ends. Values come back as JavaScript's: dates as `Date`, `json` parsed,
 * `bigint` as number where that is exact and else as bigint, `numeric` as text (it has no exact counterpart).
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import type { BoundSql } from "./sql-parameters.ts";
import { bindingOf } from "./binding.ts";
import { assertConnType } from "./hook-kind.ts";
import { assertTarget, isPrivateHost } from "../network-rules.ts";
import { AirflareError } from "../../model/error.ts";
import { SqlHook, type SqlResult, type SqlRow } from "./sql-hook.ts";

const CONN_TYPES = ["postgres", "postgresql", "hyperdrive"];
const PORT = 5432;
const CONNECT_TIMEOUT_SECONDS = 10;
const CLOSE_TIMEOUT_SECONDS = 1;
/** PostgreSQL's ids of the types whose values we read ourselves. */
const INT8 = 20;
const TIMESTAMP = 1114;

/** Where the database is and who we are there. */
export interface PostgresTarget {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** `require`: encrypted, without a look at the certificate where the platform allows that; Workers always check it. */
  readonly tls: "disable" | "require" | "verify-full";
}

/** An open connection, as far as the hook needs one. */
export interface PostgresClient {
  query(text: string, values: readonly unknown[]): Promise<SqlResult>;
  pages(text: string, values: readonly unknown[], pageSize: number): AsyncIterable<readonly SqlRow[]>;
  close(): Promise<void>;
}

/**
 * A PostgreSQL database.
 * @example
 * const extract = task("extract", async (_: {}, ctx) => {
 *   const postgres = await ctx.hook(PostgresHook, "postgres_default");
 *   return postgres.getRecords<{ id: number }>("SELECT id FROM customers WHERE updated_at > %(date)s", { date: ctx.ds });
 * });
 */
export class PostgresHook extends SqlHook {
  readonly #connection: ConnectionInfo;
  readonly #env: Env;
  readonly #connect: (target: PostgresTarget) => Promise<PostgresClient>;
  #client: Promise<PostgresClient> | undefined;

  /** Throws `wrong_connection_type`. `connect` is for tests. */
  constructor(connection: ConnectionInfo, env: Env, connect = connectWithDriver) {
    super();
    assertConnType(connection, "PostgresHook", CONN_TYPES);
    this.#connection = connection;
    this.#env = env;
    this.#connect = connect;
  }

  /** Closes the connection; the runtime calls it when the attempt ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.then((open) => open.close());
  }

  protected override async query({ text, values }: BoundSql): Promise<SqlResult> {
    const client = await this.#open();
    return client.query(text, values);
  }

  protected override async *pages({ text, values }: BoundSql, pageSize: number): AsyncIterable<readonly SqlRow[]> {
    const client = await this.#open();
    yield* client.pages(text, values, pageSize);
  }

  #open(): Promise<PostgresClient> {
    this.#client ??= this.#connected().catch((error: unknown) => {
      // The next query tries again.
      this.#client = undefined;
      throw error;
    });
    return this.#client;
  }

  async #connected(): Promise<PostgresClient> {
    const target = targetOf(this.#connection, this.#env);
    // Hyperdrive's own address is the platform's: it is no host the author chose.
    if (this.#connection.connType !== "hyperdrive")
      await assertTarget(this.#env, { host: target.host, port: target.port, kind: "tcp" });
    return this.#connect(target);
  }
}

function targetOf(connection: ConnectionInfo, env: Env): PostgresTarget {
  if (connection.connType === "hyperdrive") return hyperdriveTarget(connection, env);
  const { id, host, port, login, password, schema, extra } = connection;
  if (host === null)
    throw new AirflareError("invalid_request", `Connection ${id} has no host; PostgresHook needs one.`);
  const user = login ?? "postgres";
  const tls = tlsOf(id, host, extra["sslmode"]);
  return { host, port: port ?? PORT, user, password: password ?? "", database: schema ?? user, tls };
}

/**
 * libpq's `sslmode`. Its default `prefer` depends on what the server says first; here it depends on where the server is: a public host is always called by TLS, a
 * private one without.
 */
function tlsOf(id: string, host: string, mode: unknown): PostgresTarget["tls"] {
  if (mode === undefined || mode === "prefer" || mode === "allow") return isPrivateHost(host) ? "disable" : "require";
  if (mode === "disable" || mode === "require" || mode === "verify-full") return mode;
  if (mode === "verify-ca") return "verify-full";
  const modes = "disable, prefer, require, verify-ca, verify-full";
  throw new AirflareError(
    "invalid_request",
    `Connection ${id} has the sslmode ${JSON.stringify(mode)}; it is one of ${modes}.`,
  );
}

/** What a Hyperdrive binding says about its database. */
interface Hyperdrive {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
}

/** The connection's host is the name of the binding: `hyperdrive://PG`. */
function hyperdriveTarget({ host }: ConnectionInfo, env: Env): PostgresTarget {
  const binding = bindingOf(env, host ?? "", "Hyperdrive", []) as Hyperdrive;
  const { host: name, port, user, password, database } = binding;
  return { host: name, port, user, password, database, tls: "disable" };
}

/** By the `postgres` driver, which has a build for Workers and one for Node. */
async function connectWithDriver(target: PostgresTarget): Promise<PostgresClient> {
  const { default: postgres } = await import("postgres");
  const { tls, user, ...place } = target;
  const sql = postgres({
    ...place,
    username: user,
    ssl: tls === "disable" ? false : tls,
    max: 1,
    connect_timeout: CONNECT_TIMEOUT_SECONDS,
    // A notice goes nowhere useful by itself.
    onnotice: () => undefined,
    types: {
      bigint: { to: INT8, from: [INT8], serialize: String, parse: exactNumber },
      timestamp: { to: TIMESTAMP, from: [TIMESTAMP], serialize: isoText, parse: utcDate },
    },
  });
  const run = (text: string, values: readonly unknown[]) =>
    // The driver checks each value when it binds it.
    sql.unsafe<SqlRow[]>(text, values.map(bindable) as never[]);
  return {
    query: async (text, values) => {
      const rows = await named(target, run(text, values));
      return { rows: [...rows], rowCount: rows.count };
    },
    pages: (text, values, pageSize) => run(text, values).cursor(pageSize),
    close: () => sql.end({ timeout: CLOSE_TIMEOUT_SECONDS }),
  };
}

/** What the database itself refuses keeps its own message and code; what went wrong on the way there names the host. */
async function named<T>({ host, port }: PostgresTarget, answer: Promise<T>): Promise<T> {
  try {
    return await answer;
  } catch (cause) {
    if (!(cause instanceof Error) || cause.name === "PostgresError") throw cause;
    throw new AirflareError("target_unreachable", `PostgreSQL at ${host}:${port} failed: ${cause.message}.`, { cause });
  }
}

/** A value left out is NULL, as None is. */
function bindable(value: unknown): unknown {
  return value === undefined ? null : value;
}

function exactNumber(text: string): number | bigint {
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : BigInt(text);
}

/** A timestamp without a zone is read as UTC, wherever this runs. */
function utcDate(text: string): Date {
  return new Date(`${text.replace(" ", "T")}Z`);
}

function isoText(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
