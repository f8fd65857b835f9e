/**
 * @module `safeFetch`: the one way in which operators, hooks, sensors, notifiers and connection tests call HTTP. http(s) only, public hosts only unless listed,
 * redirects followed by hand and checked each time, time and size limited. An author's own `fetch` is never filtered.
 */
import { assertTarget, type ResolveHost } from "./network-rules.ts";
import { AirflareError, errorInfo } from "../model/error.ts";
import { isSensitiveName } from "../model/sensitive-name.ts";

const REDIRECTS_MAX = 3;
const TIMEOUT_MS = 30_000;
const BYTES_MAX = 32 * 1024 * 1024;
const REDIRECTS: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

export interface SafeFetchInit {
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array | null;
  readonly signal?: AbortSignal;
  /** For the whole exchange with its redirects and the answer's body; default 30 s. */
  readonly timeoutMs?: number;
  /** Most bytes of the answer's body; default 32 MiB. */
  readonly maxBytes?: number;
  /** Redirects that are followed, at most and by default 3; 0 answers the redirect itself. */
  readonly redirects?: number;
  /** For tests: addresses of a name. */
  readonly resolveHost?: ResolveHost;
}

/**
 * Calls `url` as `fetch` does. Throws `target_refused` for a host the Worker may not call (`AIRFLARE_ALLOWED_HOSTS` lists exceptions), `target_unreachable` when
 * it does not answer in time, and `answer_too_large` while a body that is too long is read. Headers that hold secrets do not follow a redirect to another origin.
 * @example
 * const ping = task("ping", async ({ url }: { url: string }, { env, signal }) => (await safeFetch(env, url, { signal })).status);
 */
export async function safeFetch(env: unknown, url: string | URL, init: SafeFetchInit = {}): Promise<Response> {
  const timeout = AbortSignal.timeout(init.timeoutMs ?? TIMEOUT_MS);
  const signal = init.signal === undefined ? timeout : AbortSignal.any([init.signal, timeout]);
  const redirectsMax = Math.min(init.redirects ?? REDIRECTS_MAX, REDIRECTS_MAX);
  let request: Hop = {
    url: urlOf(url),
    method: (init.method ?? "GET").toUpperCase(),
    headers: new Headers(init.headers),
    body: init.body ?? null,
  };
  for (let hops = 0; ; hops++) {
    await assertTarget(env, targetOf(request.url), init.resolveHost);
    const response = await exchange(request, signal, timeout);
    const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
    if (location === null || redirectsMax === 0) return limited(response, request.url, init.maxBytes ?? BYTES_MAX);
    await response.body?.cancel();
    if (hops === redirectsMax)
      throw new AirflareError("target_refused", `${request.url.host} redirects more than ${redirectsMax} times.`);
    request = redirected(request, response.status, location);
  }
}

interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Headers;
  readonly body: string | Uint8Array | null;
}

function urlOf(url: string | URL, base?: URL): URL {
  let parsed: URL;
  try {
    parsed = new URL(url, base);
  } catch {
    throw new AirflareError("target_refused", "The URL to call is none; write it as https://host/path.");
  }
  if (parsed.protocol !== "https:" && parsed.protocol !== "http:")
    throw new AirflareError("target_refused", `Only http and https URLs are called, not ${parsed.protocol}`);
  if (parsed.username !== "" || parsed.password !== "")
    throw new AirflareError(
      "target_refused",
      `The URL of ${parsed.host} holds a user or password; store them in a connection, or send an authorization header.`,
    );
  return parsed;
}

function targetOf({ hostname, port, protocol }: URL): { host: string; port: number; kind: "web" } {
  return { host: hostname, port: port === "" ? (protocol === "https:" ? 443 : 80) : Number(port), kind: "web" };
}

async function exchange(
  { url, method, headers, body }: Hop,
  signal: AbortSignal,
  timeout: AbortSignal,
): Promise<Response> {
  try {
    return await fetch(url, { method, headers, body: body as BodyInit | null, signal, redirect: "manual" });
  } catch (cause) {
    if (signal.aborted && !timeout.aborted) throw cause;
    // Never the path or query: they may hold a token.
    const why = timeout.aborted ? "it did not answer in time" : reasonOf(cause);
    throw new AirflareError("target_unreachable", `${method} to ${url.host} failed: ${why}.`, { cause });
  }
}

/** Node hides what happened behind "fetch failed". */
function reasonOf(thrown: unknown): string {
  const { message, cause } = errorInfo(thrown);
  return cause === undefined ? message : `${message} (${cause.message === "" ? cause.code : cause.message})`;
}

/** The next request, as browsers make it. */
function redirected({ url, method, headers, body }: Hop, status: number, location: string): Hop {
  const next = urlOf(location, url);
  const dropsBody = status === 303 ? method !== "HEAD" : (status === 301 || status === 302) && method === "POST";
  const kept = new Headers(headers);
  for (const name of headers.keys()) {
    const isSecret = name === "cookie" || isSensitiveName(name);
    if ((isSecret && next.origin !== url.origin) || (dropsBody && name.startsWith("content-"))) kept.delete(name);
  }
  return { url: next, method: dropsBody ? "GET" : method, headers: kept, body: dropsBody ? null : body };
}

/** The same answer, whose body throws once it is longer than `maxBytes`. */
function limited(response: Response, url: URL, maxBytes: number): Response {
  const { body, status, statusText, headers } = response;
  if (body === null || maxBytes === Number.POSITIVE_INFINITY) return response;
  let left = maxBytes;
  const limit = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      left -= chunk.byteLength;
      if (left >= 0) controller.enqueue(chunk);
      else
        controller.error(
          new AirflareError("answer_too_large", `The answer of ${url.host} is longer than ${maxBytes} bytes.`),
        );
    },
  });
  return new Response(body.pipeThrough(limit), { status, statusText, headers });
}
