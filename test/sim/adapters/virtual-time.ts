/**
 * @module Time of the second layer: real promises, but timers, clock and randomness are the simulation's, so that hours pass in milliseconds and a seed
 * replays. The adapters read the platform's globals, so these are replaced while a world runs.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { createHash, webcrypto } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import { gzipSync } from "node:zlib";
import { EventHeap } from "../event-heap.ts";
import type { Rng } from "../rng.ts";

const EVENTS_MAX = 200_000;
/** Whose code runs: timers of code that is gone do not fire. */
const owner = new AsyncLocalStorage<{ isAlive(): boolean }>();

/** Runs `work` and all that it starts as code of `who`. */
export function runAs<T>(who: { isAlive(): boolean }, work: () => T): T {
  return owner.run(who, work);
}

const METHODS = ["debug", "log", "info", "warn", "error"] as const;

export class VirtualTime {
  now = 1_767_225_600_000;
  /** Added to what `Date.now()` answers. */
  skewMs = 0;
  events = 0;
  readonly #heap = new EventHeap();
  readonly #cancelled = new WeakSet<() => void>();

  /** Plans `run`; the answered function takes it back. */
  plan(delayMs: number, run: () => void): () => void {
    const entry = (): void => run();
    this.#heap.push(this.now + Math.max(0, delayMs), entry);
    return () => void this.#cancelled.add(entry);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => void this.plan(ms, resolve));
  }

  /** Runs until nothing is planned and no promise goes on. Throws when that is later than `latest`. */
  async run(latest: number): Promise<void> {
    for (;;) {
      await nextTurn();
      const entry = this.#heap.pop();
      if (entry === undefined) return;
      if (this.#cancelled.has(entry.run)) continue;
      this.now = Math.max(this.now, entry.at);
      if (++this.events > EVENTS_MAX) throw new Error(`more than ${EVENTS_MAX} events`);
      if (this.now > latest) throw new Error(`not at rest at ${new Date(this.now).toISOString()}`);
      entry.run();
    }
  }
}

/** Runs `work` with the clock, the timers and the randomness of the world; one world at a time. */
export async function withVirtualGlobals<T>(time: VirtualTime, rng: Rng, work: () => Promise<T>): Promise<T> {
  quietConsole();
  const restore = [
    replaced(Date, "now", () => time.now + time.skewMs),
    replaced(Math, "random", () => rng.next() / 0x1_0000_0000),
    replaced(globalThis, "setTimeout", (run: () => void, ms = 0) => {
      const who = owner.getStore();
      return time.plan(ms, () => (who === undefined || who.isAlive() ? run() : undefined));
    }),
    replaced(globalThis, "clearTimeout", (cancel?: () => void) => cancel?.()),
    replaced(webcrypto, "randomUUID", () => `id-${rng.seed48().toString(36)}-${rng.next().toString(36)}`),
    replaced(webcrypto, "getRandomValues", (into: Uint32Array) => into.map((_, i) => (into[i] = rng.next()))),
    // In its own thread the real one would end at any time; the same numbers, at once.
    replaced(
      webcrypto.subtle,
      "digest",
      async (_: string, bytes: Uint8Array) => Uint8Array.from(createHash("sha256").update(bytes).digest()).buffer,
    ),
    replaced(globalThis, "CompressionStream", SyncGzip),
    replaced(globalThis, "Blob", TextBlob),
  ];
  try {
    return await work();
  } finally {
    for (const undo of restore.toReversed()) undo();
  }
}

function replaced(target: object, name: string, value: unknown): () => void {
  const original: unknown = Reflect.get(target, name);
  Object.defineProperty(target, name, { value, configurable: true, writable: true });
  return () => void Object.defineProperty(target, name, { value: original, configurable: true, writable: true });
}

/** Like the digest: no thread of its own. */
class SyncGzip extends TransformStream<Uint8Array, Uint8Array> {
  constructor() {
    const chunks: Uint8Array[] = [];
    super({
      transform: (chunk) => void chunks.push(chunk),
      flush: (controller) => controller.enqueue(gzipSync(Buffer.concat(chunks))),
    });
  }
}

class TextBlob {
  readonly #parts: readonly string[];
  constructor(parts: readonly string[]) {
    this.#parts = parts;
  }
  stream(): ReadableStream<Uint8Array> {
    const parts = this.#parts;
    return new ReadableStream({
      start(controller) {
        for (const part of parts) controller.enqueue(new TextEncoder().encode(part));
        controller.close();
      },
    });
  }
}

let quiet = false;

/** Every fault is logged by the adapters. For the rest of the process, because the runtime wraps the console once. */
function quietConsole(): void {
  if (quiet) return;
  quiet = true;
  for (const method of METHODS) console[method] = () => undefined;
}
