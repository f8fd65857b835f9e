/**
 * @module Repeats calls to a run's object that the transport lost. Only for calls that carry a `callId` or change nothing: the repeat gets the stored answer.
 */
import type { RuntimePorts } from "./ports.ts";

const FIRST_WAIT_MS = 50;
const OVERLOADED_WAIT_MS = 1_000;
const WAIT_MAX_MS = 5_000;

/** The flags the platform sets on errors of a stub. `overloaded`: not at once, the object has too much to do. */
export function isTransient(error: unknown): boolean {
  return hasFlag(error, "retryable") || hasFlag(error, "durableObjectReset") || hasFlag(error, "overloaded");
}

/** Calls until it answers, throws something that a repeat does not heal, or `giveUpMs` have passed: then the last error is thrown. */
export async function callWithRetry<T>(
  call: () => Promise<T>,
  ports: Pick<RuntimePorts, "now" | "sleep">,
  giveUpMs: number,
): Promise<T> {
  const giveUpAt = ports.now() + giveUpMs;
  for (let failures = 0; ; failures++) {
    try {
      return await call();
    } catch (error) {
      const waitMs = backoffMs(failures, hasFlag(error, "overloaded"));
      if (!isTransient(error) || ports.now() + waitMs > giveUpAt) throw error;
      await ports.sleep(waitMs);
    }
  }
}

/** Half fixed, half random: drivers that failed together do not come back together. */
function backoffMs(failures: number, overloaded: boolean): number {
  const first = overloaded ? OVERLOADED_WAIT_MS : FIRST_WAIT_MS;
  const wait = Math.min(WAIT_MAX_MS, first * 2 ** Math.min(failures, 10));
  return wait / 2 + (Math.random() * wait) / 2 + (overloaded ? first / 2 : 0);
}

function hasFlag(error: unknown, flag: string): boolean {
  return typeof error === "object" && error !== null && flag in error && Reflect.get(error, flag) === true;
}
