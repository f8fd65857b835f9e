/**
 * @module Reading XComs that lie in R2. Size and sha256 of the reference are checked on every read: a value that does not match is `xcom_corrupt`,
 * never a wrong input.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import { AirflareError } from "../model/error.ts";
import type { XComValue } from "../model/xcom.ts";
import type { ObjectStorePort } from "./ports.ts";
import type { SealedValues } from "./sealed-values.ts";

type StoredXCom = Extract<XComValue, { in: "r2" }>;

/** Bytes kept for other attempts of the same invocation; beyond it an object is read again. */
const CACHE_BYTES_MAX = 16 * 1024 * 1024;

export class StoredXComs {
  readonly #objects: ObjectStorePort;
  readonly #sealed: Pick<SealedValues, "open">;
  readonly #cache = new Map<string, Promise<Uint8Array>>();
  #cachedBytes = 0;

  constructor(objects: ObjectStorePort, sealed: Pick<SealedValues, "open">) {
    this.#objects = objects;
    this.#sealed = sealed;
  }

  /** The codec text behind a stored one, which is sealed when there is a secret in it. */
  opened(text: string): Promise<string> {
    return this.#sealed.open(text);
  }

  /** The verified bytes. Shared between callers: do not hand them to authors without a copy. */
  bytes(stored: StoredXCom): Promise<Uint8Array> {
    const cached = this.#cache.get(stored.key);
    if (cached !== undefined) return cached;
    const reading = this.#read(stored);
    if (this.#cachedBytes + stored.size > CACHE_BYTES_MAX) return reading;
    this.#cachedBytes += stored.size;
    this.#cache.set(stored.key, reading);
    reading.catch(() => {
      // A failed read is not remembered: the next attempt asks again.
      this.#cache.delete(stored.key);
      this.#cachedBytes -= stored.size;
    });
    return reading;
  }

  /** The bytes as they come; the stream errors at its end when they do not match the reference. */
  async stream(stored: StoredXCom): Promise<ReadableStream<Uint8Array>> {
    const found = await this.#get(stored);
    const hash = sha256.create();
    let size = 0;
    const check = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.length;
        hash.update(chunk);
        controller.enqueue(chunk);
      },
      flush(controller) {
        if (size !== stored.size || bytesToHex(hash.digest()) !== stored.sha256)
          controller.error(corrupt(stored, size));
      },
    });
    return found.pipeThrough(check);
  }

  async #read(stored: StoredXCom): Promise<Uint8Array> {
    const bytes = new Uint8Array(await new Response(await this.#get(stored)).arrayBuffer());
    const digest = bytesToHex(new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)));
    if (bytes.length !== stored.size || digest !== stored.sha256) throw corrupt(stored, bytes.length);
    return bytes;
  }

  async #get(stored: StoredXCom): Promise<ReadableStream<Uint8Array>> {
    const found = await this.#objects.get(stored.key);
    if (found === null) {
      throw new AirflareError("xcom_corrupt", `The XCom object ${stored.key} is gone; clear the task that wrote it.`);
    }
    return found.body;
  }
}

function corrupt(stored: StoredXCom, size: number): AirflareError {
  return new AirflareError(
    "xcom_corrupt",
    `The XCom object ${stored.key} does not match its checksum (${size} bytes read, ${stored.size} written); clear the task that wrote it.`,
  );
}
