/**
 * @module JSON over kept-alive connections: the client must cost less than what it measures.
 */
import http from "node:http";
import { setTimeout as sleep } from "node:timers/promises";

/** Connections per client: as many as runs are triggered side by side. */
const SOCKETS = 64;
/** Between two looks whether a system answers yet. */
const LOOK_MS = 5;

export interface JsonAnswer {
  readonly status: number;
  readonly body: Readonly<Record<string, unknown>>;
}

export interface HttpClient {
  call(method: string, path: string, body?: unknown): Promise<JsonAnswer>;
  close(): void;
}

export function httpClient(port: number, headers: Readonly<Record<string, string>> = {}): HttpClient {
  const agent = new http.Agent({ keepAlive: true, maxSockets: SOCKETS });
  return {
    call: (method, path, body) => call(agent, { port, method, path, headers }, body),
    close: () => agent.destroy(),
  };
}

interface HttpOptions {
  readonly port: number;
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
}

function call(agent: http.Agent, options: HttpOptions, body: unknown): Promise<JsonAnswer> {
  return new Promise((resolve, reject) => {
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = { ...options.headers, "content-type": "application/json", "content-length": text.length };
    const request = http.request({ ...options, host: "127.0.0.1", agent, headers }, (response) => {
      let answer = "";
      response.setEncoding("utf8");
      response.on("data", (chunk: string) => (answer += chunk));
      response.on("error", reject);
      response.on("end", () => resolve({ status: response.statusCode ?? 0, body: parsed(answer) }));
    });
    request.on("error", reject);
    request.end(text);
  });
}

function parsed(text: string): JsonAnswer["body"] {
  try {
    return JSON.parse(text) as JsonAnswer["body"];
  } catch {
    return { text };
  }
}

/** `performance.now()` of the first answer on `port`, looked for every few milliseconds. */
export async function firstResponse(port: number, path: string): Promise<number> {
  const client = httpClient(port);
  for (;;) {
    const answer = await client.call("GET", path).catch(() => null);
    if (answer !== null && answer.status < 500) {
      client.close();
      return performance.now();
    }
    await sleep(LOOK_MS);
  }
}
