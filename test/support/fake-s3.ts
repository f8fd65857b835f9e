/**
 * @module An S3 server in memory with the few calls our hook makes: path-style, pages of three keys. It checks that requests are signed, not how: the services
 * suite has a real server for that.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Connection } from "../../src/runtime/ports.ts";

const PAGE = 3;

export interface FakeS3 {
  /** Contents by `bucket/key`. */
  readonly objects: Map<string, Buffer>;
  /** Method and URL of each request. */
  readonly requests: string[];
  readonly connection: Partial<Connection>;
  close(): void;
}

export async function startFakeS3(): Promise<FakeS3> {
  const objects = new Map<string, Buffer>();
  const requests: string[] = [];
  const server = createServer((request, response) => {
    requests.push(`${request.method ?? ""} ${request.url ?? ""}`);
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => answer(objects, request, Buffer.concat(chunks), response));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const endpoint = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    objects,
    requests,
    connection: { connType: "aws", login: "AKIDTEST", password: "secret-key", extra: { endpoint_url: endpoint } },
    close: () => {
      server.closeAllConnections();
      server.close();
    },
  };
}

function answer(objects: Map<string, Buffer>, request: IncomingMessage, body: Buffer, response: ServerResponse): void {
  const url = new URL(request.url ?? "/", "http://s3");
  if (
    !/^AWS4-HMAC-SHA256 Credential=AKIDTEST\/\d{8}\/us-east-1\/s3\/aws4_request, /.test(
      request.headers.authorization ?? "",
    )
  )
    return refuse(response, 403, "AccessDenied");
  const [, bucket = "", ...rest] = url.pathname.split("/").map(decodeURIComponent);
  const key = rest.join("/");
  if (bucket === "absent") return refuse(response, 404, "NoSuchBucket");
  if (request.method === "POST" && url.searchParams.has("delete")) {
    for (const [, name = ""] of body.toString().matchAll(/<Key>(.*?)<\/Key>/g))
      objects.delete(`${bucket}/${unescaped(name)}`);
    return void response.end("<DeleteResult/>");
  }
  if (request.method === "PUT") {
    objects.set(`${bucket}/${key}`, body);
    return void response.end();
  }
  if (key === "") return void response.end(listing(objects, bucket, url.searchParams));
  const found = objects.get(`${bucket}/${key}`);
  if (found === undefined) return refuse(response, 404, "NoSuchKey");
  const headers = { "content-length": found.length, etag: '"e-tag"', "last-modified": "Wed, 01 Jan 2025 00:00:00 GMT" };
  response.writeHead(200, headers).end(request.method === "HEAD" ? undefined : found);
}

function listing(objects: Map<string, Buffer>, bucket: string, query: URLSearchParams): string {
  const after = query.get("continuation-token") ?? query.get("start-after") ?? "";
  const keys = [...objects.keys()]
    .filter((name) => name.startsWith(`${bucket}/${query.get("prefix") ?? ""}`))
    .map((name) => name.slice(bucket.length + 1))
    .filter((key) => key > after)
    .toSorted();
  const page = keys.slice(0, PAGE);
  const contents = page.map((key) => {
    const size = objects.get(`${bucket}/${key}`)?.length ?? 0;
    const name = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    return `<Contents><Key>${name}</Key><LastModified>2025-01-01T00:00:00.000Z</LastModified><ETag>&quot;e-tag&quot;</ETag><Size>${size}</Size></Contents>`;
  });
  const next = keys.length > PAGE ? `<NextContinuationToken>${page.at(-1) ?? ""}</NextContinuationToken>` : "";
  return `<?xml version="1.0"?><ListBucketResult><IsTruncated>${keys.length > PAGE}</IsTruncated>${next}${contents.join("")}</ListBucketResult>`;
}

function unescaped(text: string): string {
  return text.replaceAll(/&#(\d+);/g, (_, code: string) => String.fromCodePoint(Number(code)));
}

function refuse(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status).end(`<Error><Code>${code}</Code><Message>said the fake</Message></Error>`);
}
