/**
 * @module Times of runs as a client sees them: from the POST sent to the GET that shows the end.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Shape, System } from "./system.ts";

/** Between two looks at a run: short against what is measured, long enough to leave the system the processor. */
const LOOK_MS = 1;
/** Triggers under way at the same time when many runs start at once. */
const TRIGGERS = 50;
/** A run that takes longer is broken. */
const PATIENCE_MS = 180_000;

/** One run, ms. */
export async function timeRun(system: System, shape: Shape): Promise<number> {
  const sentAt = performance.now();
  await untilEnded(system, shape, await system.trigger(shape));
  return performance.now() - sentAt;
}

/** Many runs at once, ms until all have ended. One looker goes from run to run, so that looking costs the same whatever is measured. */
export async function timeRuns(system: System, shape: Shape, runs: number): Promise<number> {
  const sentAt = performance.now();
  const ids: string[] = [];
  let left = runs;
  const trigger = async (): Promise<void> => {
    while (left-- > 0) ids.push(await system.trigger(shape));
  };
  await Promise.all(Array.from({ length: TRIGGERS }, trigger));
  for (const id of ids) await untilEnded(system, shape, id);
  return performance.now() - sentAt;
}

async function untilEnded(system: System, shape: Shape, id: string): Promise<void> {
  const until = performance.now() + PATIENCE_MS;
  while (!(await system.hasEnded(shape, id))) {
    if (performance.now() > until)
      throw new Error(`run ${id} of ${system.name} did not end in ${PATIENCE_MS / 1000} s`);
    await sleep(LOOK_MS);
  }
}

export function quantile(values: readonly number[], q: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))] ?? Number.NaN;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
