/**
 * @module R2 in memory: strong reads, checksums verified as on the platform, pages of a thousand keys.
 */
import { createHash } from "node:crypto";
import { call, type Caller, type CallScope, limit } from "./calls.ts";

const KEY_BYTES_MAX = 1_024;
const KEYS_PER_DELETE_MAX = 1_000;

export class FakeBucket {
  readonly stored = new Map<string, Uint8Array>();
  readonly #scope: CallScope;

  constructor(scope: CallScope) {
    this.#scope = scope;
  }

  /** The part of the binding that `object-store.ts` uses for values held in memory. */
  binding(caller: Caller): R2Bucket {
    const through = <T>(method: string, effect: () => T): Promise<T> =>
      call(this.#scope, caller, `OBJECTS.${method}`, effect);
    const bucket = {
      put: (key: string, bytes: Uint8Array, options: { readonly sha256?: string } = {}) =>
        through("put", () => this.#put(key, bytes, options.sha256)),
      get: (key: string, options: { readonly range?: { readonly offset: number; readonly length: number } } = {}) =>
        through("get", () => this.#get(key, options.range)),
      list: ({ prefix = "", limit: most = 1_000 }) =>
        through("list", () => {
          const keys = [...this.stored.keys()].filter((key) => key.startsWith(prefix)).toSorted();
          return { objects: keys.slice(0, most).map((key) => ({ key })), truncated: keys.length > most };
        }),
      delete: (keys: readonly string[]) =>
        through("delete", () => {
          limit(this.#scope, keys.length <= KEYS_PER_DELETE_MAX, `${keys.length} keys in one delete`);
          for (const key of keys) this.stored.delete(key);
        }),
    };
    return bucket as unknown as R2Bucket;
  }

  #put(key: string, bytes: Uint8Array, sha256: string | undefined): void {
    limit(this.#scope, Buffer.byteLength(key) <= KEY_BYTES_MAX, `an R2 key of ${Buffer.byteLength(key)} bytes`);
    if (sha256 !== undefined && createHash("sha256").update(bytes).digest("hex") !== sha256)
      throw new Error("the SHA-256 checksum does not match");
    this.stored.set(key, bytes.slice());
  }

  #get(key: string, range: { readonly offset: number; readonly length: number } | undefined): unknown {
    const whole = this.stored.get(key);
    if (whole === undefined) return null;
    const bytes = range === undefined ? whole : whole.subarray(range.offset, range.offset + range.length);
    return {
      size: whole.byteLength,
      body: new ReadableStream({
        start(controller) {
          controller.enqueue(bytes.slice());
          controller.close();
        },
      }),
      arrayBuffer: async () => bytes.slice().buffer,
    };
  }
}
