/**
 * @module R2 as the runtime's object store: large XComs, streams, log archives. Everything put is hashed while it passes.
 */
import { AirflareError } from "../model/error.ts";
import type { ObjectStorePort } from "../runtime/ports.ts";

/** A value held in memory: the Worker has 128 MB for everything. */
export const BUFFERED_BYTES_MAX = 32 * 1024 * 1024;
/** R2's own limit of one object uploaded in parts that we accept. */
export const STREAMED_BYTES_MAX = 5 * 1024 ** 3;
/** Parts of a streamed upload have one size (R2 wants at least 5 MiB) but for the last; 640 of them make the limit. */
const PART_BYTES = 8 * 1024 * 1024;
/** Waits before the second, third, ... call when R2 fails: a moment of trouble must not cost an attempt one of its tries. */
const REPEAT_AFTER_MS = [100, 400, 1_600] as const;

export interface ObjectStore extends ObjectStorePort {
  /** `length` bytes from `offset` on; null when the object is gone. */
  getRange(key: string, offset: number, length: number): Promise<Uint8Array | null>;
  /** Removes every object below `prefix`, page by page; repeats are harmless. */
  deletePrefix(prefix: string): Promise<void>;
}

/** The store over one bucket. `put` throws `xcom_too_large` above the limits and leaves nothing behind. */
export function objectStore(bucket: R2Bucket): ObjectStore {
  return {
    put: (key, body) => (body instanceof ReadableStream ? putStream(bucket, key, body) : putBuffer(bucket, key, body)),
    async get(key) {
      const object = await repeated(() => bucket.get(key));
      return object === null ? null : { body: object.body, size: object.size };
    },
    async getRange(key, offset, length) {
      const object = await repeated(() => bucket.get(key, { range: { offset, length } }));
      return object === null ? null : new Uint8Array(await object.arrayBuffer());
    },
    async deletePrefix(prefix) {
      for (;;) {
        const page = await repeated(() => bucket.list({ prefix, limit: 1000 }));
        const keys = page.objects.map((object) => object.key);
        if (keys.length > 0) await repeated(() => bucket.delete(keys));
        if (!page.truncated) return;
      }
    },
  };
}

async function putBuffer(
  bucket: R2Bucket,
  key: string,
  body: Uint8Array | string,
): Promise<{ size: number; sha256: string }> {
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (bytes.byteLength > BUFFERED_BYTES_MAX) throw tooLarge(key, BUFFERED_BYTES_MAX);
  const sha256 = hex(await crypto.subtle.digest("SHA-256", bytes));
  await repeated(() => bucket.put(key, bytes, { sha256 }));
  return { size: bytes.byteLength, sha256 };
}

/** For calls that may be made twice. The last error is thrown. */
async function repeated<T>(call: () => Promise<T>): Promise<T> {
  for (const ms of REPEAT_AFTER_MS) {
    try {
      return await call();
    } catch {
      await new Promise((resolve) => {
        setTimeout(resolve, ms);
      });
    }
  }
  return call();
}

/** R2 needs the length of a stream before it starts, which nobody knows here: parts of one size are collected and uploaded one after the other. */
async function putStream(
  bucket: R2Bucket,
  key: string,
  body: ReadableStream<Uint8Array>,
): Promise<{ size: number; sha256: string }> {
  const digest = new crypto.DigestStream("SHA-256");
  const hashing = digest.getWriter();
  let upload: R2MultipartUpload | undefined;
  const parts: R2UploadedPart[] = [];
  let size = 0;
  try {
    let pending: Uint8Array | undefined;
    for await (const part of partsOf(body)) {
      size += part.byteLength;
      if (size > STREAMED_BYTES_MAX) throw tooLarge(key, STREAMED_BYTES_MAX);
      await hashing.write(part);
      if (pending !== undefined) {
        upload ??= await bucket.createMultipartUpload(key);
        parts.push(await uploaded(upload, parts.length + 1, pending));
      }
      pending = part;
    }
    await hashing.close();
    const whole = pending ?? new Uint8Array();
    if (upload === undefined) await repeated(() => bucket.put(key, whole));
    else {
      if (pending !== undefined) parts.push(await uploaded(upload, parts.length + 1, pending));
      await upload.complete(parts);
    }
    return { size, sha256: hex(await digest.digest) };
  } catch (error) {
    await upload?.abort();
    throw error;
  }
}

function uploaded(upload: R2MultipartUpload, part: number, bytes: Uint8Array): Promise<R2UploadedPart> {
  return repeated(() => upload.uploadPart(part, bytes));
}

/** The stream's bytes in pieces of exactly `PART_BYTES`, the last one shorter. */
async function* partsOf(body: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  let part = new Uint8Array(PART_BYTES);
  let filled = 0;
  for await (const chunk of body) {
    for (let read = 0; read < chunk.byteLength;) {
      const take = Math.min(chunk.byteLength - read, PART_BYTES - filled);
      part.set(chunk.subarray(read, read + take), filled);
      filled += take;
      read += take;
      if (filled === PART_BYTES) {
        yield part;
        part = new Uint8Array(PART_BYTES);
        filled = 0;
      }
    }
  }
  if (filled > 0) yield part.subarray(0, filled);
}

function tooLarge(key: string, limit: number): AirflareError {
  return new AirflareError(
    "xcom_too_large",
    `The object ${key} is larger than ${limit} bytes. Return a stream for values above 32 MiB, or keep the data in your own bucket and return its key.`,
    { details: { key, limit } },
  );
}

function hex(digest: ArrayBuffer): string {
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, "0")).join("");
}
