/**
 * @module Texts encrypted at rest: AES-256-GCM with a key derived from `AIRFLARE_SECRET_KEY` by HKDF, bound to the row they belong to.
 *
 * Form: `v1.<iv>.<ciphertext>`, base64. A fresh 96-bit iv for each text; the row's name is additional data, so that a text moved to another row does not open.
 */
import { AirflareError } from "../model/error.ts";

const VERSION = "v1";
const IV_BYTES = 12;
const SALT = new TextEncoder().encode("airflare");

/** Keys are derived once per isolate and secret. */
const keys = new Map<string, Promise<CryptoKey>>();

/** Encrypts `text` for the row `owner` (`variable:<key>`). Throws `not_configured` without a secret. */
export async function seal(secret: string | undefined, owner: string, text: string): Promise<string> {
  const key = await keyOf(secret);
  const iv = crypto.getRandomValues(new Uint8Array(IV_BYTES));
  const sealed = await crypto.subtle.encrypt({ name: "AES-GCM", iv, additionalData: bytes(owner) }, key, bytes(text));
  return `${VERSION}.${base64(iv)}.${base64(new Uint8Array(sealed))}`;
}

/** Decrypts what {@link seal} made for the same row. Throws `not_configured` when the secret is missing or is another one than then. */
export async function unseal(secret: string | undefined, owner: string, sealed: string): Promise<string> {
  const key = await keyOf(secret);
  const [version, iv = "", text = ""] = sealed.split(".");
  try {
    if (version !== VERSION) throw new Error(`unknown form ${version ?? ""}`);
    const algorithm = { name: "AES-GCM", iv: unbase64(iv), additionalData: bytes(owner) };
    return new TextDecoder().decode(await crypto.subtle.decrypt(algorithm, key, unbase64(text)));
  } catch (cause) {
    throw new AirflareError(
      "not_configured",
      `The stored value of ${owner} does not open with this AIRFLARE_SECRET_KEY: set the key it was stored with, or store the value again.`,
      { cause, details: { owner } },
    );
  }
}

function keyOf(secret: string | undefined): Promise<CryptoKey> {
  if (secret === undefined || secret === "") {
    throw new AirflareError(
      "not_configured",
      "AIRFLARE_SECRET_KEY is not set: run `npx wrangler secret put AIRFLARE_SECRET_KEY`.",
    );
  }
  const known = keys.get(secret);
  if (known !== undefined) return known;
  const key = deriveKey(secret);
  keys.set(secret, key);
  return key;
}

async function deriveKey(secret: string): Promise<CryptoKey> {
  const base = await crypto.subtle.importKey("raw", bytes(secret), "HKDF", false, ["deriveKey"]);
  const hkdf = { name: "HKDF", hash: "SHA-256", salt: SALT, info: bytes("values at rest") };
  return await crypto.subtle.deriveKey(hkdf, base, { name: "AES-GCM", length: 256 }, false, ["encrypt", "decrypt"]);
}

function bytes(text: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(new TextEncoder().encode(text));
}

function base64(data: Uint8Array): string {
  let text = "";
  for (const byte of data) text += String.fromCharCode(byte);
  return btoa(text);
}

function unbase64(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}
