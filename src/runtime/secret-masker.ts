/**
 * @module Masking of secrets in what an attempt leaves behind (Airflow's `mask_secret`): values of connections and of variables with sensitive names,
 * plain, base64, URL-encoded and JSON-escaped. Masked before anything is stored.
 */
import { isSensitiveName } from "../model/sensitive-name.ts";
import type { Connection } from "./ports.ts";

const MASK = "***";
/** Shorter values are words of any text: masking them would make logs unreadable without hiding anything. */
const SECRET_LENGTH_MIN = 5;

/** Knows the secrets that one driver invocation has handed out. */
export class SecretMasker {
  readonly #variants = new Set<string>();
  #pattern: RegExp | null = null;

  /** From now on `secret` is masked; values under 5 characters are left alone. */
  register(secret: string): void {
    if (secret.length < SECRET_LENGTH_MIN || this.#variants.has(secret)) return;
    for (const variant of variantsOf(secret)) this.#variants.add(variant);
    // Longest first: a secret that holds another one is hidden as a whole.
    const longestFirst = [...this.#variants].toSorted((a, b) => b.length - a.length);
    this.#pattern = new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "g");
  }

  registerConnection(connection: Connection): void {
    if (connection.password !== null) {
      this.register(connection.password);
      // As basic authentication sends it.
      if (connection.login !== null) this.register(`${connection.login}:${connection.password}`);
    }
    this.#registerSensitive(connection.extra);
  }

  /** `text` with every registered secret as `***`. */
  readonly mask = (text: string): string => (this.#pattern === null ? text : text.replace(this.#pattern, MASK));

  /** A JSON value with secrets in texts masked, and whatever stands under a sensitive key. */
  maskJson(value: unknown): unknown {
    if (typeof value === "string") return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.maskJson(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [
        key,
        isSensitiveName(key) && item !== null ? MASK : this.maskJson(item),
      ]),
    );
  }

  #registerSensitive(fields: object): void {
    for (const [key, value] of Object.entries(fields) as [string, unknown][]) {
      if (typeof value === "string" && isSensitiveName(key)) this.register(value);
      else if (typeof value === "object" && value !== null) this.#registerSensitive(value);
    }
  }
}

function variantsOf(secret: string): readonly string[] {
  const bytes = new TextEncoder().encode(secret);
  const padded = btoa(String.fromCharCode(...bytes));
  const base64 = padded.replace(/=+$/, "");
  const urlEncoded = encodeURIComponent(secret.toWellFormed());
  return [
    secret,
    padded,
    base64,
    base64.replaceAll("+", "-").replaceAll("/", "_"),
    urlEncoded,
    urlEncoded.replaceAll("%20", "+"),
    JSON.stringify(secret).slice(1, -1),
  ];
}
