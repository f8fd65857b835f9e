/**
 * @module A little S3: HEAD of objects and lists in pages, behind signatures that it checks by itself (`node:crypto`, not the signing library). Real servers are in
 * `test/services`.
 */
import { createHash, createHmac } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { Connection } from "../../src/runtime/ports.ts";

const KEYS = { id: "test-key", secret: "test-secret", region: "eu-test-1" };
const PAGE = 10;

export class S3Server {
  readonly #buckets = new Map<string, ReadonlyMap<string, string>>();
  readonly #server = createServer((request, response) => this.#answer(request, response));
  #port = 0;
  /** Method and URL of each request. */
  readonly requests: string[] = [];
  /** Why requests were refused. */
  readonly refused: string[] = [];

  async listen(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, "127.0.0.1", resolve));
    const address = this.#server.address();
    this.#port = typeof address === "object" && address !== null ? address.port : 0;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** How an author reaches it. */
  get connection(): Partial<Connection> {
    return {
      connType: "aws",
      login: KEYS.id,
      password: KEYS.secret,
      extra: { endpoint_url: `http://127.0.0.1:${this.#port}`, region_name: KEYS.region },
    };
  }

  /** Replaces what is in a bucket: text by key. */
  put(bucket: string, objects: Readonly<Record<string, string>>): void {
    this.#buckets.set(bucket, new Map(Object.entries(objects)));
  }

  #answer(request: IncomingMessage, response: ServerResponse): void {
    const { method = "", url = "" } = request;
    this.requests.push(`${method} ${url}`);
    const why = signatureFault(request);
    if (why !== null) {
      this.refused.push(why);
      return void response
        .writeHead(403)
        .end(method === "HEAD" ? "" : "<Error><Code>SignatureDoesNotMatch</Code></Error>");
    }
    const { pathname, searchParams } = new URL(url, "http://s3");
    const [, bucket = "", path = ""] = /^\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
    const objects = this.#buckets.get(decodeURIComponent(bucket));
    if (objects === undefined) return void response.writeHead(404).end("<Error><Code>NoSuchBucket</Code></Error>");
    if (method === "GET" && path === "") return void response.writeHead(200).end(listed(objects, searchParams));
    const text = objects.get(decodeURIComponent(path));
    if (text === undefined) return void response.writeHead(404).end();
    response
      .writeHead(200, {
        "content-length": Buffer.byteLength(text),
        etag: '"e"',
        "last-modified": new Date(0).toUTCString(),
      })
      .end();
  }
}

function listed(objects: ReadonlyMap<string, string>, query: URLSearchParams): string {
  const after = query.get("continuation-token") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(query.get("prefix") ?? "") && key > after).toSorted();
  const page = keys.slice(0, PAGE);
  const entries = page.map((key) => {
    const escaped = key.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
    const size = Buffer.byteLength(objects.get(key) ?? "");
    return `<Contents><Key>${escaped}</Key><LastModified>2026-01-01T00:00:00.000Z</LastModified><ETag>&quot;e&quot;</ETag><Size>${size}</Size></Contents>`;
  });
  const more = keys.length > PAGE;
  const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  return `<ListBucketResult><IsTruncated>${more}</IsTruncated>${entries.join("")}${next}</ListBucketResult>`;
}

/** Signature Version 4 by Amazon's description; null when it is right. */
function signatureFault({ method = "", url = "", headers }: IncomingMessage): string | null {
  const match =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/(\d{8})\/([^/]+)\/s3\/aws4_request, ?SignedHeaders=([^,]+), ?Signature=(\w+)$/.exec(
      headers.authorization ?? "",
    );
  if (match === null) return "no signature";
  const [, id, day = "", region = "", signed = "", signature] = match;
  if (id !== KEYS.id || region !== KEYS.region) return `key ${id} for ${region}`;
  const [path = "", query = ""] = url.split("?");
  const sorted = query
    .split("&")
    .filter((pair) => pair !== "")
    .toSorted()
    .join("&");
  const lines = signed.split(";").map((name) => `${name}:${String(headers[name] ?? "").trim()}\n`);
  const canonical = [
    method,
    path,
    sorted.replaceAll("+", "%20"),
    lines.join(""),
    signed,
    String(headers["x-amz-content-sha256"]),
  ].join("\n");
  const scope = `${day}/${region}/s3/aws4_request`;
  const text = [
    "AWS4-HMAC-SHA256",
    String(headers["x-amz-date"]),
    scope,
    createHash("sha256").update(canonical).digest("hex"),
  ].join("\n");
  const key = [day, region, "s3", "aws4_request"].reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${KEYS.secret}`,
  );
  return hmac(key, text).toString("hex") === signature ? null : `wrong signature of\n${canonical}`;
}

function hmac(key: string | Buffer, text: string): Buffer {
  return createHmac("sha256", key).update(text).digest();
}
