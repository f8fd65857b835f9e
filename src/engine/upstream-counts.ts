/**
 * @module How many upstream task instances are in which state: all a trigger rule looks at. Kept up to date one change at a time.
 */
import type { TaskInstanceState } from "../model/state.ts";

/** Counts over the upstream instances that matter to one task (or one of its instances). Unfinished = `total` minus the five others. */
export interface UpstreamCounts {
  total: number;
  success: number;
  skipped: number;
  failed: number;
  upstreamFailed: number;
  removed: number;
  /** Of these, instances of setup tasks. */
  setups: number;
  setupSuccess: number;
  setupSkipped: number;
}

export function noCounts(): UpstreamCounts {
  return {
    total: 0,
    success: 0,
    skipped: 0,
    failed: 0,
    upstreamFailed: 0,
    removed: 0,
    setups: 0,
    setupSuccess: 0,
    setupSkipped: 0,
  };
}

/** Finished upstream instances, whatever the result. */
export function doneCount(c: UpstreamCounts): number {
  return c.success + c.skipped + c.failed + c.upstreamFailed + c.removed;
}

/** Adds (`by` 1) or takes away (`by` -1) an upstream instance in `state`. */
export function countInstance(c: UpstreamCounts, state: TaskInstanceState, isSetup: boolean, by: 1 | -1): void {
  c.total += by;
  if (isSetup) c.setups += by;
  countState(c, state, isSetup, by);
}

/** Adds or takes away only the state of an instance that stays counted in `total`. */
export function countState(c: UpstreamCounts, state: TaskInstanceState, isSetup: boolean, by: 1 | -1): void {
  switch (state) {
    case "success":
      c.success += by;
      if (isSetup) c.setupSuccess += by;
      return;
    case "skipped":
      c.skipped += by;
      if (isSetup) c.setupSkipped += by;
      return;
    case "failed":
      c.failed += by;
      return;
    case "upstream_failed":
      c.upstreamFailed += by;
      return;
    case "removed":
      c.removed += by;
      return;
    default:
  }
}

/** Sum of two counts; either may be missing. The answer may be one of the arguments: do not change it. */
export function sumCounts(a: UpstreamCounts | undefined, b: UpstreamCounts | undefined): UpstreamCounts {
  if (a === undefined || b === undefined) return a ?? b ?? noCounts();
  if (b.total === 0) return a;
  if (a.total === 0) return b;
  return {
    total: a.total + b.total,
    success: a.success + b.success,
    skipped: a.skipped + b.skipped,
    failed: a.failed + b.failed,
    upstreamFailed: a.upstreamFailed + b.upstreamFailed,
    removed: a.removed + b.removed,
    setups: a.setups + b.setups,
    setupSuccess: a.setupSuccess + b.setupSuccess,
    setupSkipped: a.setupSkipped + b.setupSkipped,
  };
}
