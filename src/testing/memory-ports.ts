/**
 * @module What an attempt in `testDag` finds outside: variables and connections given by the test, objects in memory, and a clock that can jump.
 */
import { sha256 } from "@noble/hashes/sha2.js";
import { bytesToHex } from "@noble/hashes/utils.js";
import type { Connection, ConnectionPort, ObjectStorePort, SealPort, VariablePort } from "../runtime/ports.ts";

/** Values by name; what is no text is stored as JSON, as the API would. */
export function memoryVariables(values: Readonly<Record<string, unknown>>): VariablePort {
  const texts = new Map(
    Object.entries(values).map(([name, value]) => [name, typeof value === "string" ? value : JSON.stringify(value)]),
  );
  return { get: async (name) => texts.get(name), names: async () => [...texts.keys()] };
}

/** Connections by id; fields left out are null. */
export function memoryConnections(given: Readonly<Record<string, Partial<Connection>>>): ConnectionPort {
  return {
    get: async (id) => (given[id] === undefined ? undefined : connectionOf(id, given[id])),
    ids: async () => Object.keys(given),
  };
}

/** A whole connection from the fields that matter to a test. */
export function connectionOf(id: string, fields: Partial<Connection>): Connection {
  return {
    connType: "generic",
    host: null,
    port: null,
    login: null,
    password: null,
    schema: null,
    extra: {},
    uri: "",
    ...fields,
    id,
  };
}

/** Keeps the texts instead of encrypting them. */
export function memorySecrets(): SealPort {
  const texts: string[] = [];
  return { seal: async (text) => String(texts.push(text) - 1), open: async (sealed) => texts[Number(sealed)] ?? "" };
}

export function memoryObjects(): ObjectStorePort {
  const stored = new Map<string, Uint8Array>();
  return {
    async put(key, body) {
      const bytes = new Uint8Array(await new Response(body).arrayBuffer());
      stored.set(key, bytes);
      return { size: bytes.length, sha256: bytesToHex(sha256(bytes)) };
    },
    async get(key) {
      const bytes = stored.get(key);
      const body = bytes === undefined ? null : new Response(bytes).body;
      return bytes === undefined || body === null ? null : { body, size: bytes.length };
    },
  };
}

/**
 * A clock that starts at `startAt` and goes on at the speed of the real one, so that time limits hold; {@link JumpingClock.jumpTo} passes a wait in no time.
 */
export class JumpingClock {
  readonly #offsetOf: () => number;
  #jumped = 0;

  constructor(startAt: number) {
    const realStart = Date.now();
    this.#offsetOf = () => startAt + Date.now() - realStart;
  }

  readonly now = (): number => this.#offsetOf() + this.#jumped;

  /** Never goes back. */
  jumpTo(at: number): void {
    this.#jumped += Math.max(0, at - this.now());
  }

  /** In real time; an abort ends it early. Does not keep the process alive. */
  readonly sleep = (ms: number, signal?: AbortSignal): Promise<void> =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, Math.min(ms, 2 ** 31 - 1));
      signal?.addEventListener("abort", () => {
        clearTimeout(timer);
        resolve();
      });
    });
}
