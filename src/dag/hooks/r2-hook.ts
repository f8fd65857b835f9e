/**
 * @module `R2Hook`: an R2 bucket that is bound to the Worker, with the methods of `S3Hook`. The connection names the binding: `"r2:LAKE"` in `airflare.config.ts`, or
 * `r2://LAKE`. A bucket given to a method is the name of another binding.
 */
import type { ConnectionInfo } from "../context.ts";
import type { Env } from "../register.ts";
import type { ListOptions, ObjectStoreHook, StoredObject, WriteOptions } from "./object-store-hook.ts";
import { AirflareError } from "../../model/error.ts";
import { assertConnType } from "./hook-kind.ts";
import { bindingOf } from "./binding.ts";

interface Head {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
  readonly uploaded: Date;
}

/** The part of an R2 binding that the hook uses. */
interface Bucket {
  head(key: string): Promise<Head | null>;
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array> } | null>;
  put(key: string, value: Uint8Array, options: object): Promise<Head | null>;
  delete(keys: string[]): Promise<void>;
  list(
    options: object,
  ): Promise<{ readonly objects: readonly Head[]; readonly truncated: boolean; readonly cursor?: string }>;
}

const KEYS_PER_DELETE = 1000;

/**
 * A bound R2 bucket.
 * @example
 * const publish = task("publish", async (_: {}, ctx) => (await ctx.hook(R2Hook, "lake")).loadString("ready", `flags/${ctx.ds}`));
 */
export class R2Hook implements ObjectStoreHook {
  readonly #binding: string;
  readonly #env: Env;

  /** Throws `wrong_connection_type`. */
  constructor(connection: ConnectionInfo, env: Env) {
    assertConnType(connection, "R2Hook", ["r2"]);
    this.#binding = connection.host ?? "";
    this.#env = env;
  }

  async headObject(key: string, bucket?: string): Promise<StoredObject | null> {
    const head = await this.#bucket(bucket).head(key);
    return head === null ? null : stored(head);
  }

  async checkForKey(key: string, bucket?: string): Promise<boolean> {
    return (await this.headObject(key, bucket)) !== null;
  }

  async readKey(key: string, bucket?: string): Promise<string> {
    return new Response(await this.readStream(key, bucket)).text();
  }

  async readStream(key: string, bucket?: string): Promise<ReadableStream<Uint8Array>> {
    const found = await this.#bucket(bucket).get(key);
    if (found !== null) return found.body;
    throw new AirflareError("object_not_found", `There is no object ${key} in the bucket ${bucket ?? this.#binding}.`);
  }

  async loadString(text: string, key: string, bucket?: string, options: WriteOptions = {}): Promise<void> {
    const contentType = options.contentType ?? "text/plain; charset=utf-8";
    await this.loadBytes(new TextEncoder().encode(text), key, bucket, { ...options, contentType });
  }

  async loadBytes(bytes: Uint8Array, key: string, bucket?: string, options: WriteOptions = {}): Promise<void> {
    const onlyNew = options.replace === false ? { onlyIf: { etagDoesNotMatch: "*" } } : {};
    const contentType = options.contentType ?? "application/octet-stream";
    const written = await this.#bucket(bucket).put(key, bytes, { httpMetadata: { contentType }, ...onlyNew });
    if (written === null)
      throw new AirflareError("invalid_request", `The object ${key} exists already, and replace is false.`);
  }

  async *listObjects(
    { prefix, startAfter }: ListOptions = {},
    bucket?: string,
  ): AsyncGenerator<StoredObject, void, undefined> {
    const place = this.#bucket(bucket);
    let cursor: string | undefined;
    do {
      const page = await place.list({ prefix, startAfter, cursor });
      yield* page.objects.map(stored);
      cursor = page.truncated ? page.cursor : undefined;
    } while (cursor !== undefined);
  }

  async listKeys(options: ListOptions = {}, bucket?: string): Promise<string[]> {
    const keys: string[] = [];
    for await (const { key } of this.listObjects(options, bucket)) keys.push(key);
    return keys;
  }

  async deleteObjects(keys: readonly string[], bucket?: string): Promise<void> {
    for (let at = 0; at < keys.length; at += KEYS_PER_DELETE)
      await this.#bucket(bucket).delete(keys.slice(at, at + KEYS_PER_DELETE));
  }

  #bucket(bucket: string | undefined): Bucket {
    return bindingOf(this.#env, bucket ?? this.#binding, "R2", ["head", "get", "put", "list"]) as Bucket;
  }
}

function stored({ key, size, etag, uploaded }: Head): StoredObject {
  return { key, size, etag, lastModified: uploaded };
}
