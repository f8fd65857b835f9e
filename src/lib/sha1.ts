/**
 * @module SHA-1 of a text, synchronous. Only for numbers that must equal Airflow's (retry jitter); never for security.
 */
import { sha1 as digest } from "@noble/hashes/legacy.js";

const encoder = new TextEncoder();

/** The 20 bytes of the SHA-1 of the text's UTF-8. */
export function sha1(text: string): Uint8Array {
  return digest(encoder.encode(text));
}
