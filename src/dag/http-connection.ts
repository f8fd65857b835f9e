/**
 * @module The URL and headers that an HTTP connection gives an endpoint, by the rules of Airflow's HttpHook: host with or without scheme, `schema` as scheme,
 * login and password as basic authentication, extra as headers.
 */
import type { ConnectionInfo, Context } from "./context.ts";
import type { ConnectionId } from "./register.ts";
import { AirflareError } from "../model/error.ts";

const KINDS: ReadonlySet<string> = new Set(["http", "https"]);
/** Extra fields that are settings of Airflow's hook, not headers. */
const SETTINGS: ReadonlySet<string> = new Set([
  "timeout",
  "allow_redirects",
  "proxies",
  "proxy",
  "verify",
  "cert",
  "stream",
  "check_response",
  "max_redirects",
  "trust_env",
]);

export interface HttpTarget {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

/** Without a connection (`null`) the endpoint is the whole URL. Throws `connection_not_found`, or `invalid_request` for a connection of another kind. */
export async function connectionUrl(context: Context, connId: string | null, endpoint: string): Promise<HttpTarget> {
  if (connId === null) return { url: endpoint, headers: {} };
  // A deferral's id comes from the run's rows; the compiler saw it when the trigger was written.
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion
  return httpTarget(await context.connections.get(connId as ConnectionId), endpoint);
}

export function httpTarget(connection: ConnectionInfo, endpoint: string): HttpTarget {
  const { id, connType, host, port, schema, login, password, extra } = connection;
  if (!KINDS.has(connType))
    throw new AirflareError(
      "invalid_request",
      `Connection ${id} has the type ${connType}; an HTTP call needs one of type http.`,
    );
  if (host === null) throw new AirflareError("invalid_request", `Connection ${id} has no host to call.`);
  const scheme = schema ?? (connType === "https" ? "https" : "http");
  const base = host.includes("://") ? host : `${scheme}://${host}`;
  const place = port === null ? base : `${base.replace(/\/$/, "")}:${port}`;
  const url = endpoint === "" ? place : `${place.replace(/\/$/, "")}/${endpoint.replace(/^\//, "")}`;
  const headers = Object.fromEntries(
    Object.entries(extra).flatMap(([name, value]) => (SETTINGS.has(name) ? [] : [[name, String(value)]])),
  );
  if (login === null) return { url, headers };
  const pair = new TextEncoder().encode(`${login}:${password ?? ""}`);
  return { url, headers: { ...headers, authorization: `Basic ${btoa(String.fromCharCode(...pair))}` } };
}
