/**
 * @module Waiting for something to come true, looked at so seldom that looking does not count.
 */
import { setTimeout as sleep } from "node:timers/promises";

const PATIENCE_MS = 600_000;

/** Seconds until `holds`. Throws after ten minutes, with what it saw last. */
export async function secondsUntil(holds: () => Promise<boolean>, what: string, lookMs = 500): Promise<number> {
  const beganAt = performance.now();
  while (!(await holds())) {
    if (performance.now() - beganAt > PATIENCE_MS) throw new Error(`${what}: not within ${PATIENCE_MS / 1_000} s`);
    await sleep(lookMs);
  }
  return (performance.now() - beganAt) / 1_000;
}
