/**
 * @module Masking of secrets in what an attempt leaves behind (Airflow's `mask_secret`): values of connections and of variables with sensitive names,
 * plain, base64, URL-encoded and JSON-escaped. Masked before anything is stored.
 */
import { isSensitiveName } from "../model/sensitive-name.ts";
import type { Connection } from "./ports.ts";

const MASK = "***";
/** Shorter values are words of any text: masking them would make logs unreadable without hiding anything. */
const SECRET_LENGTH_MIN = 5;
/** Shorter inner parts of a base64 text are found by chance. */
const INNER_BASE64_MIN = 8;

/** Knows the secrets that one driver invocation has handed out. */
export class SecretMasker {
  readonly #variants = new Set<string>();
  readonly #known: ReadonlySet<string>;
  /** Of the environment's secrets: the same for every masker of the isolate. */
  readonly #base: RegExp | null;
  /** Of what was registered since; it holds the environment's as well. */
  #own: RegExp | null = null;

  /** Knows the secrets among the Worker's bindings from the start: they are in `ctx.env` whether a task looks them up or not. */
  constructor(env?: unknown) {
    const known = environmentSecrets(env);
    this.#base = known.pattern;
    this.#known = known.variants;
  }

  /** From now on `secret` is masked; values under 5 characters are left alone. */
  register(secret: string): void {
    if (secret.length < SECRET_LENGTH_MIN || this.#variants.has(secret) || this.#known.has(secret)) return;
    for (const variant of variantsOf(secret)) this.#variants.add(variant);
    this.#own = patternOf([...this.#known, ...this.#variants]);
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
  readonly mask = (text: string): string => {
    const pattern = this.#own ?? this.#base;
    return pattern === null ? text : text.replace(pattern, MASK);
  };

  /** True when a registered secret is in the text. */
  finds(text: string): boolean {
    const pattern = this.#own ?? this.#base;
    return pattern !== null && text.search(pattern) >= 0;
  }

  /** A JSON value with secrets in texts masked, and whatever stands under a sensitive key. */
  maskJson(value: unknown): unknown {
    if (typeof value === "string") return this.mask(value);
    if (Array.isArray(value)) return value.map((item) => this.maskJson(item));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([key, item]: [string, unknown]) => [
        this.mask(key),
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

/** The forms in which a secret usually turns up. */
function variantsOf(secret: string): readonly string[] {
  const text = secret.toWellFormed();
  const bytes = new TextEncoder().encode(text);
  const url = encodeURIComponent(text);
  const form = new URLSearchParams({ s: text }).toString().slice(2);
  const json = JSON.stringify(secret).slice(1, -1);
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  const variants = [
    secret,
    encodeURI(text),
    url,
    url.replaceAll("%20", "+"),
    form,
    json,
    JSON.stringify(json).slice(1, -1),
    hex,
    hex.toUpperCase(),
  ];
  for (const encoded of base64Forms(bytes)) variants.push(encoded, encoded.replaceAll("+", "-").replaceAll("/", "_"));
  variants.push(...[url, form].map((one) => one.replaceAll(/%[0-9A-F]{2}/g, (code) => code.toLowerCase())));
  // A short encoded form would be found in any text.
  return [...new Set(variants)].filter((variant) => variant.length >= SECRET_LENGTH_MIN);
}

/** Base64 of the secret alone, and the part of it that does not depend on what stands around it, at each of the three offsets in a longer text. */
function base64Forms(bytes: Uint8Array): readonly string[] {
  const padded = btoa(String.fromCharCode(...bytes));
  const forms = [padded, padded.replace(/=+$/, "")];
  for (const before of [0, 1, 2]) {
    const shifted = btoa(String.fromCharCode(...new Uint8Array(before), ...bytes));
    // Characters that mix in a byte before or after the secret are left out.
    const start = before === 0 ? 0 : before + 1;
    const whole = Math.floor(((before + bytes.length) * 8) / 6);
    const inner = shifted.slice(start, whole);
    // Four characters less than a short secret's are a word like any other.
    if (inner.length >= INNER_BASE64_MIN) forms.push(inner);
  }
  return forms;
}

interface KnownSecrets {
  readonly variants: ReadonlySet<string>;
  readonly pattern: RegExp | null;
}

const NOTHING: KnownSecrets = { variants: new Set(), pattern: null };
/** Found once per isolate. */
const environments = new WeakMap<object, KnownSecrets>();
const CONNECTION = /^AIR(?:FLARE|FLOW)_CONN_/;

/** Texts among the bindings that are secrets: connections, as a whole and the password in them, and whatever has a sensitive name. */
function environmentSecrets(env: unknown): KnownSecrets {
  if (typeof env !== "object" || env === null) return NOTHING;
  const found = environments.get(env);
  if (found !== undefined) return found;
  const secrets = Object.entries(env).flatMap(([name, value]: [string, unknown]) => {
    if (typeof value !== "string") return [];
    if (CONNECTION.test(name)) return [value, ...passwordsOf(value)];
    return isSensitiveName(name) || name === "AIRFLARE_SECRET_KEY" ? [value] : [];
  });
  const variants = new Set(secrets.filter((secret) => secret.length >= SECRET_LENGTH_MIN).flatMap(variantsOf));
  const known = { variants, pattern: variants.size === 0 ? null : patternOf([...variants]) };
  environments.set(env, known);
  return known;
}

/** Longest first: a secret that holds another one is hidden as a whole. */
function patternOf(variants: readonly string[]): RegExp {
  const longestFirst = variants.toSorted((a, b) => b.length - a.length);
  return new RegExp(longestFirst.map((text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")).join("|"), "g");
}

/** The password of a connection's URI, as it stands there and decoded; of JSON every text under a sensitive name. */
function passwordsOf(connection: string): readonly string[] {
  const [, password] = /^[^:]+:\/\/[^:@/?]*:([^@/?]*)@/.exec(connection) ?? [];
  if (password !== undefined) {
    try {
      return [password, decodeURIComponent(password)];
    } catch {
      // A percent sign that encodes nothing: the text is refused where it is looked up.
      return [password];
    }
  }
  const found = [...connection.matchAll(/"(\w+)"\s*:\s*("(?:[^"\\]|\\.)*")/g)];
  return found.flatMap(([, name = "", text = ""]) => (isSensitiveName(name) ? [String(JSON.parse(text))] : []));
}
