/**
 * @module An HTTP server that writes down what it is sent, a JSON line for each request, and answers what the path asks for: `/status/503`, else 200.
 */
import { createServer } from "node:http";
import fs from "node:fs";
import path from "node:path";
import type { AddressInfo } from "node:net";
import type { RunningPart } from "./part.ts";

/** One request, as tests read it back. */
export interface SinkRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export async function startHttpSink(folder: string): Promise<RunningPart> {
  const file = path.join(folder, "http-sink.jsonl");
  fs.writeFileSync(file, "");
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => (body += String(chunk)));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      fs.appendFileSync(file, `${JSON.stringify({ method, url, headers, body })}\n`);
      const status = Number(/\/status\/(\d{3})/.exec(url)?.[1] ?? 200);
      response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify({ ok: status < 400 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = async (): Promise<void> => {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { place: { url, file }, stop };
}

/** What the sink was sent, oldest first. */
export function sinkRequests(file: string): readonly SinkRequest[] {
  const lines = fs.readFileSync(file, "utf8").trim().split("\n");
  return lines.filter((line) => line !== "").map((line) => JSON.parse(line) as SinkRequest);
}
