/**
 * @module `HttpHook` (Airflow's): an HTTP API behind a connection: base URL, login, headers. Calls go through `safeFetch`.
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import { AirflowException } from "../exceptions.ts";
import { assertConnType } from "./hook-kind.ts";
import { httpTarget } from "../http-connection.ts";
import { safeFetch } from "../safe-fetch.ts";

const CONN_TYPES = ["http", "https"];
/** Characters of a refusal that go into the error. */
const REFUSAL_MAX = 500;

export interface HttpRequest {
  /** Default: `POST` with a body, else `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Appended to the URL. */
  readonly params?: Readonly<Record<string, unknown>>;
  readonly data?: string | Uint8Array;
  /** A body sent as JSON. */
  readonly json?: unknown;
  readonly signal?: AbortSignal;
  /** For the whole exchange; default 30 s. */
  readonly timeoutMs?: number;
  /** False: any status is an answer. Default true: 400 and above throw an `AirflowException`. */
  readonly checkResponse?: boolean;
}

/**
 * An HTTP API.
 * @example
 * const fetchOrders = task("fetch_orders", async (_: {}, ctx) => {
 *   const api = await ctx.hook(HttpHook, "http_default");
 *   const response = await api.run("orders", { params: { since: ctx.ds }, signal: ctx.signal });
 *   return response.json<{ id: number }[]>();
 * });
 */
export class HttpHook {
  readonly #connection: ConnectionInfo;
  readonly #env: Env;

  /** Throws `wrong_connection_type`. */
  constructor(connection: ConnectionInfo, env: Env) {
    assertConnType(connection, "HttpHook", CONN_TYPES);
    this.#connection = connection;
    this.#env = env;
  }

  /** Calls an endpoint below the connection's base URL. */
  async run(endpoint: string, request: HttpRequest = {}): Promise<Response> {
    const target = httpTarget(this.#connection, endpoint);
    const url = new URL(target.url);
    for (const [name, value] of Object.entries(request.params ?? {})) url.searchParams.append(name, String(value));
    return httpCall(this.#env, url, { ...request, headers: { ...target.headers, ...request.headers } });
  }
}

/** The call itself, also for URLs that come from no connection. */
export async function httpCall(env: unknown, url: URL, request: HttpRequest): Promise<Response> {
  const { json, data, signal, timeoutMs, checkResponse = true } = request;
  const body = json === undefined ? data : JSON.stringify(json);
  const method = (request.method ?? (body === undefined ? "GET" : "POST")).toUpperCase();
  const headers = { ...(json === undefined ? {} : { "content-type": "application/json" }), ...request.headers };
  const response = await safeFetch(env, url, {
    method,
    headers,
    ...(body === undefined ? {} : { body }),
    ...(signal === undefined ? {} : { signal }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
  if (!checkResponse || response.status < 400) return response;
  const answer = (await response.text()).slice(0, REFUSAL_MAX);
  throw new AirflowException(
    `${response.status}: ${method} to ${url.host} failed${answer === "" ? "" : `: ${answer}`}`,
  );
}
