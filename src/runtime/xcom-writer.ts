/**
 * @module Writing the XComs of one attempt. Small values travel inside the report; large ones, bytes and streams are in R2 before it is sent, so that a
 * reported reference always leads to a stored value.
 */
import { encode } from "../lib/codec.ts";
import { utf8Length } from "../lib/utf8.ts";
import { AirflareError } from "../model/error.ts";
import type { DagRunHead } from "../model/dag-run.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import { XCOM_INLINE_BYTES_MAX, type XComEncoding, type XComValue, type XComWrite } from "../model/xcom.ts";
import type { ObjectStorePort } from "./ports.ts";
import type { SealedValues } from "./sealed-values.ts";
import { mappableLength, pickPath } from "./value-path.ts";
import { xcomObjectKey } from "./xcom-key.ts";

/** Most bytes of a value that is held in memory while it is stored. Streams may be larger: the store's own limit counts. */
export const XCOM_BUFFERED_BYTES_MAX = 32 * 1024 * 1024;
/** Most bytes that one report carries inline; values beyond it go to R2 even if small. */
const REPORT_INLINE_BYTES_MAX = 1024 * 1024;
/** Airflow's limit. */
const KEY_LENGTH_MAX = 512;

type Target = Pick<AttemptOrder, "taskId" | "mapIndex" | "token" | "reportLengths">;

export class XComWriter {
  readonly #head: DagRunHead;
  readonly #target: Target;
  readonly #objects: ObjectStorePort;
  readonly #sealed: SealedValues;
  readonly #written = new Map<string, XComValue>();
  readonly #lengths: Record<string, number | null> = {};
  #inlineBytes = 0;
  #open = true;

  constructor(head: DagRunHead, target: Target, objects: ObjectStorePort, sealed: SealedValues) {
    this.#head = head;
    this.#target = target;
    this.#objects = objects;
    this.#sealed = sealed;
  }

  /** What was pushed so far, the last value of each key. */
  get writes(): readonly XComWrite[] {
    return Array.from(this.#written, ([key, value]) => ({ key, value }));
  }

  /** Lengths of pushed values that somebody maps over. */
  get lengths(): Readonly<Record<string, number | null>> {
    return this.#lengths;
  }

  get(key: string): XComValue | undefined {
    return this.#written.get(key);
  }

  /** The attempt is over: pushes of abandoned code are refused. */
  close(): void {
    this.#open = false;
  }

  /** Stores a value under `key`. Throws `xcom_not_serializable`, `xcom_too_large`, or `stale_attempt` after the attempt's end. */
  async push(key: string, value: unknown): Promise<void> {
    if (typeof key !== "string" || key === "" || key.length > KEY_LENGTH_MAX) {
      throw new AirflareError(
        "invalid_request",
        `Task ${this.#target.taskId}: an XCom key is a text of 1 to ${KEY_LENGTH_MAX} characters.`,
      );
    }
    this.#sealed.assertName("XCom key", key);
    const lengths = this.#lengthsOf(key, value);
    const stored = await this.#store(key, value);
    if (!this.#open) {
      throw new AirflareError(
        "stale_attempt",
        `The attempt of task ${this.#target.taskId} is over: ${key} was not pushed.`,
      );
    }
    this.#written.set(key, stored);
    Object.assign(this.#lengths, lengths);
  }

  async #store(key: string, value: unknown): Promise<XComValue> {
    if (value instanceof ReadableStream) return this.#put(key, value, "stream");
    if (value instanceof Uint8Array && value.byteLength > XCOM_INLINE_BYTES_MAX) {
      return this.#putBuffered(key, value, value.byteLength, "bytes");
    }
    if (value instanceof ArrayBuffer && value.byteLength > XCOM_INLINE_BYTES_MAX) {
      return this.#putBuffered(key, new Uint8Array(value), value.byteLength, "buffer");
    }
    const text = await this.#sealed.guard(encode(value));
    const size = utf8Length(text);
    if (size <= XCOM_INLINE_BYTES_MAX && this.#inlineBytes + size <= REPORT_INLINE_BYTES_MAX) {
      this.#inlineBytes += size;
      return { in: "inline", text };
    }
    return this.#putBuffered(key, text, size, "devalue");
  }

  #putBuffered(key: string, body: Uint8Array | string, size: number, encoding: XComEncoding): Promise<XComValue> {
    if (size > XCOM_BUFFERED_BYTES_MAX) throw this.#tooLarge(key, `has ${size} bytes`);
    return this.#put(key, body, encoding);
  }

  async #put(
    key: string,
    body: Uint8Array | string | ReadableStream<Uint8Array>,
    encoding: XComEncoding,
  ): Promise<XComValue> {
    const objectKey = xcomObjectKey(this.#head, this.#target, key);
    try {
      return { in: "r2", key: objectKey, encoding, ...(await this.#objects.put(objectKey, body)) };
    } catch (error) {
      if (error instanceof Error && "code" in error && error.code === "xcom_too_large") {
        throw this.#tooLarge(key, "is over the store's limit", error);
      }
      throw error;
    }
  }

  #tooLarge(key: string, what: string, cause?: unknown): AirflareError {
    return new AirflareError(
      "xcom_too_large",
      `XCom ${key} of task ${this.#target.taskId} ${what}. A result held in memory may have ${XCOM_BUFFERED_BYTES_MAX} bytes, ` +
        "a ReadableStream 5 GiB: return a stream, or write to your own bucket and return the key.",
      { details: { taskId: this.#target.taskId, key }, ...(cause === undefined ? {} : { cause }) },
    );
  }

  #lengthsOf(key: string, value: unknown): Readonly<Record<string, number | null>> {
    const lengths: Record<string, number | null> = {};
    for (const asked of this.#target.reportLengths) {
      if (asked === key) lengths[asked] = mappableLength(value);
      else if (asked.startsWith(`${key}.`)) {
        lengths[asked] = mappableLength(pickPath(value, asked.slice(key.length + 1).split(".")));
      }
    }
    return lengths;
  }
}
