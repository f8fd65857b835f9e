/**
 * @module `S3Hook` (Airflow's): Amazon S3, or any server that speaks its API, by signed HTTP (`aws4fetch`, loaded by the first call).
 *
 * Connection of type `aws`: login and password are the keys; extra `endpoint_url`, `region_name`, `aws_session_token`, `service_config.s3.bucket_name`.
 */
import type { AwsClient } from "aws4fetch";
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import type { ListOptions, ObjectStoreHook, StoredObject, WriteOptions } from "./object-store-hook.ts";
import { AirflareError } from "../../model/error.ts";
import { assertConnType } from "./hook-kind.ts";
import { safeFetch } from "../safe-fetch.ts";
import * as s3Xml from "./s3-xml.ts";

const CONN_TYPES = ["aws", "s3"];
const REGION = "us-east-1";
const KEYS_PER_DELETE = 1000;
/** Streams of any length pass through; what is read as text is limited by the author's memory. */
const NO_LIMIT = Number.POSITIVE_INFINITY;
/** Large objects take their time. */
const TIMEOUT_MS = 300_000;

interface S3Request {
  readonly method: string;
  readonly bucket: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/**
 * A bucket of S3. Keys may be written as `s3://bucket/key`.
 * @example
 * const publish = task("publish", async ({ rows }: { rows: number }, ctx) => {
 *   const s3 = await ctx.hook(S3Hook, "aws_default");
 *   await s3.loadString(JSON.stringify({ rows }), `reports/${ctx.ds}.json`, "my-bucket");
 * });
 */
export class S3Hook implements ObjectStoreHook {
  readonly #connection: ConnectionInfo;
  readonly #env: Env;
  #client: Promise<AwsClient> | undefined;

  /** Throws `wrong_connection_type`. */
  constructor(connection: ConnectionInfo, env: Env) {
    assertConnType(connection, "S3Hook", CONN_TYPES);
    this.#connection = connection;
    this.#env = env;
  }

  async headObject(key: string, bucket?: string): Promise<StoredObject | null> {
    const place = this.#place(key, bucket);
    const response = await this.#send({ method: "HEAD", ...place });
    if (response.status === 404) return null;
    await assertOk(response, `HEAD of s3://${place.bucket}/${place.key}`);
    const { headers } = response;
    return {
      key: place.key,
      size: Number(headers.get("content-length") ?? 0),
      etag: unquoted(headers.get("etag") ?? ""),
      lastModified: new Date(headers.get("last-modified") ?? 0),
    };
  }

  async checkForKey(key: string, bucket?: string): Promise<boolean> {
    return (await this.headObject(key, bucket)) !== null;
  }

  async readKey(key: string, bucket?: string): Promise<string> {
    return new Response(await this.readStream(key, bucket)).text();
  }

  async readStream(key: string, bucket?: string): Promise<ReadableStream<Uint8Array>> {
    const place = this.#place(key, bucket);
    const response = await this.#send({ method: "GET", ...place });
    const what = `s3://${place.bucket}/${place.key}`;
    if (response.status === 404) throw new AirflareError("object_not_found", `There is no object ${what}.`);
    await assertOk(response, `GET of ${what}`);
    return response.body ?? new Blob([]).stream();
  }

  async loadString(text: string, key: string, bucket?: string, options: WriteOptions = {}): Promise<void> {
    const contentType = options.contentType ?? "text/plain; charset=utf-8";
    await this.loadBytes(new TextEncoder().encode(text), key, bucket, { ...options, contentType });
  }

  async loadBytes(bytes: Uint8Array, key: string, bucket?: string, options: WriteOptions = {}): Promise<void> {
    const place = this.#place(key, bucket);
    const what = `s3://${place.bucket}/${place.key}`;
    if (options.replace === false && (await this.checkForKey(place.key, place.bucket)))
      throw new AirflareError("invalid_request", `The object ${what} exists already, and replace is false.`);
    const headers = { "content-type": options.contentType ?? "application/octet-stream" };
    await assertOk(await this.#send({ method: "PUT", ...place, headers, body: bytes }), `PUT of ${what}`);
  }

  async *listObjects(
    { prefix = "", startAfter }: ListOptions = {},
    bucket?: string,
  ): AsyncGenerator<StoredObject, void, undefined> {
    const place = this.#bucket(bucket);
    let token = "";
    do {
      const query = {
        "list-type": "2",
        prefix,
        ...(startAfter === undefined ? {} : { "start-after": startAfter }),
        ...(token === "" ? {} : { "continuation-token": token }),
      };
      const response = await this.#send({ method: "GET", bucket: place, query });
      await assertOk(response, `Listing of s3://${place}/${prefix}`);
      const page = await response.text();
      for (const entry of s3Xml.elements(page, "Contents")) {
        yield {
          key: s3Xml.text(entry, "Key"),
          size: Number(s3Xml.text(entry, "Size")),
          etag: unquoted(s3Xml.text(entry, "ETag")),
          lastModified: new Date(s3Xml.text(entry, "LastModified")),
        };
      }
      token = s3Xml.text(page, "IsTruncated") === "true" ? s3Xml.text(page, "NextContinuationToken") : "";
    } while (token !== "");
  }

  async listKeys(options: ListOptions = {}, bucket?: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.listObjects(options, bucket)) keys.push(key);
    return keys;
  }

  async deleteObjects(keys: readonly string[], bucket?: string): Promise<void> {
    const place = this.#bucket(bucket);
    for (let at = 0; at < keys.length; at += KEYS_PER_DELETE) {
      const names = keys
        .slice(at, at + KEYS_PER_DELETE)
        .map((key) => `<Object><Key>${s3Xml.escaped(key)}</Key></Object>`);
      const body = new TextEncoder().encode(`<Delete><Quiet>true</Quiet>${names.join("")}</Delete>`);
      const headers = { "content-type": "application/xml", "x-amz-checksum-sha256": await sha256Base64(body) };
      const response = await this.#send({ method: "POST", bucket: place, query: { delete: "" }, headers, body });
      await assertOk(response, `Deletion from s3://${place}`);
      const [refused] = s3Xml.elements(await response.text(), "Error");
      if (refused === undefined) continue;
      throw new AirflareError(
        "invalid_request",
        `s3://${place}/${s3Xml.text(refused, "Key")} could not be deleted: ${s3Xml.text(refused, "Code")}.`,
      );
    }
  }

  #place(key: string, bucket: string | undefined): { readonly bucket: string; readonly key: string } {
    const [, ownBucket, ownKey] = /^s3:\/\/([^/]+)\/(.+)$/.exec(key) ?? [];
    if (ownBucket === undefined || ownKey === undefined) return { bucket: this.#bucket(bucket), key };
    if (bucket !== undefined)
      throw new AirflareError(
        "invalid_request",
        `${key} names a bucket, and ${bucket} was given as well; give one of them.`,
      );
    return { bucket: ownBucket, key: ownKey };
  }

  #bucket(bucket: string | undefined): string {
    const found = bucket ?? bucketOf(this.#connection.extra);
    if (found !== undefined) return found;
    throw new AirflareError(
      "invalid_request",
      `No bucket was given, and connection ${this.#connection.id} has none (extra service_config.s3.bucket_name).`,
    );
  }

  async #send({ method, bucket, key = "", query = {}, headers = {}, body }: S3Request): Promise<Response> {
    this.#client ??= awsClient(this.#connection);
    const client = await this.#client;
    const url = this.#url(bucket, key);
    for (const [name, value] of Object.entries(query)) url.searchParams.set(name, value);
    const signed = await client.sign(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body: body as BodyInit }),
    });
    return safeFetch(this.#env, url, {
      method,
      headers: Object.fromEntries(signed.headers),
      body: body ?? null,
      redirects: 0,
      maxBytes: NO_LIMIT,
      timeoutMs: TIMEOUT_MS,
    });
  }

  /** At an endpoint of its own the bucket is part of the path, at Amazon's of the host. */
  #url(bucket: string, key: string): URL {
    const { extra } = this.#connection;
    // A URL would resolve these against the path, out of the bucket.
    if (key.split("/").some((part) => part === "." || part === ".."))
      throw new AirflareError("invalid_request", `The key ${key} has a part "." or "..", which no URL can carry.`);
    const path = key.split("/").map(encoded).join("/");
    const endpoint = textOf(extra["endpoint_url"]) ?? textOf(extra["host"]);
    if (endpoint !== undefined) return new URL(`${endpoint.replace(/\/$/, "")}/${bucket}/${path}`);
    const region = textOf(extra["region_name"]) ?? REGION;
    return new URL(`https://${bucket}.s3.${region}.amazonaws.com/${path}`);
  }
}

async function awsClient({ id, login, password, extra }: ConnectionInfo): Promise<AwsClient> {
  if (login === null || password === null)
    throw new AirflareError(
      "invalid_request",
      `Connection ${id} has no keys: login is the access key id, password the secret.`,
    );
  const { AwsClient: Client } = await import("aws4fetch");
  const sessionToken = textOf(extra["aws_session_token"]);
  return new Client({
    accessKeyId: login,
    secretAccessKey: password,
    service: "s3",
    region: textOf(extra["region_name"]) ?? REGION,
    ...(sessionToken === undefined ? {} : { sessionToken }),
  });
}

async function assertOk(response: Response, what: string): Promise<void> {
  if (response.ok) return;
  const answer = await response.text();
  const code = s3Xml.text(answer, "Code");
  const why =
    code === "" ? `status ${response.status}` : `${code}: ${s3Xml.text(answer, "Message")} (status ${response.status})`;
  throw new AirflareError("service_refused", `${what} failed with ${why}.`, { details: { status: response.status } });
}

function bucketOf(extra: Readonly<Record<string, unknown>>): string | undefined {
  const services = recordOf(extra["service_config"]);
  return textOf(recordOf(services["s3"])["bucket_name"]) ?? textOf(extra["bucket_name"]);
}

function recordOf(value: unknown): Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null ? { ...value } : {};
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function unquoted(etag: string): string {
  return etag.replaceAll('"', "");
}

/** As the signature has it: `encodeURIComponent` leaves some characters that S3 wants encoded. */
function encoded(part: string): string {
  return encodeURIComponent(part).replaceAll(
    /[!'()*]/g,
    (character) => `%${(character.codePointAt(0) ?? 0).toString(16).toUpperCase()}`,
  );
}

async function sha256Base64(bytes: Uint8Array): Promise<string> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", Uint8Array.from(bytes)));
  return btoa(String.fromCharCode(...digest));
}
