/**
 * @module XCom as data: a value is inline text (lossless codec) or a reference to an R2 object.
 */

/** Key of a task's returned value. */
export const RETURN_KEY = "return_value";
/** Values whose encoded text is longer go to R2, in bytes of UTF-8. */
export const XCOM_INLINE_BYTES_MAX = 32 * 1024;

/** How a stored value is to be read: codec text, raw bytes (a `Uint8Array`, or a whole `ArrayBuffer`), or a byte stream. */
export type XComEncoding = "devalue" | "bytes" | "buffer" | "stream";

export type XComValue =
  | { readonly in: "inline"; readonly text: string }
  | {
      readonly in: "r2";
      readonly key: string;
      readonly size: number;
      /** Hex; checked on every read. */
      readonly sha256: string;
      readonly encoding: XComEncoding;
    };

/** One pushed XCom of an attempt. */
export interface XComWrite {
  readonly key: string;
  readonly value: XComValue;
}
