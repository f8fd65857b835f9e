/**
 * @module Runs time worlds by seed, counts what they met, and tells the first violation.
 */
import type { ExecutableDag } from "../../../src/dag/executable-dag.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { BROKEN_HOSTS } from "./broken-hosts.ts";
import { TIME_FAULTS } from "./time-faults.ts";
import { TimeWorld } from "./time-world.ts";

/**
 * Seeds that once found a fault: 3: an old push reopened an ended run; 34: a run for later was never started after a lost alarm; 80: the end of a run
 * that D1 did not take; 98, 4108: an end whose push was cut short; 4011: a late tick made a slot that was over; 4093: a living object never set its
 * alarm again.
 */
export const TIME_REGRESSION_SEEDS: readonly number[] = [3, 34, 80, 98, 4_011, 4_093, 4_108];

/** Beside every fault: what users did, and what a world must have met. */
const MARKS: readonly string[] = [
  ...TIME_FAULTS,
  "deploy",
  "DAG removed",
  "pause",
  "unpause",
  "manual run",
  "manual run for a slot",
  "delete run",
  "backfill forwards",
  "backfill backwards",
  "backfill pause",
  "backfill unpause",
  "backfill cancel",
  "schedule cron",
  "schedule every",
  "schedule at",
  "schedule edited",
  "schedule deleted",
];

/** Marks that some dozen worlds should have met; one of them at zero means that the simulation went blind there. */
export function missingMarks(coverage: ReadonlyMap<string, number>): readonly string[] {
  return MARKS.filter((name) => (coverage.get(name) ?? 0) === 0);
}

export interface TimeFailure {
  readonly seed: number;
  readonly message: string;
  readonly faults: unknown;
  readonly trace: readonly string[];
}

export interface TimeBatch {
  readonly worlds: number;
  readonly failures: readonly TimeFailure[];
  readonly coverage: ReadonlyMap<string, number>;
}

/** Worlds `seed`, `seed + 1`, ... Stops at the first violation. */
export async function runTimeWorlds(seed: number, runs: number): Promise<TimeBatch> {
  const coverage = new Map<string, number>();
  for (let index = 0; index < runs; index++) {
    const world = new TimeWorld(seed + index, coverage, { realRuns: false }, withoutCode);
    try {
      await world.run();
    } catch (error) {
      const message = error instanceof Error ? (error.stack ?? error.message) : String(error);
      const { trace, faults } = world;
      return { worlds: index + 1, failures: [{ seed: world.seed, message, faults: faults.levels, trace }], coverage };
    }
  }
  return { worlds: runs, failures: [], coverage };
}

/** The same for the same seed, whatever ran before. */
export async function timeTraceHash(seed: number): Promise<number> {
  const world = new TimeWorld(seed, new Map(), { realRuns: false }, withoutCode);
  await world.run();
  return world.hash;
}

/** For each broken host the number of worlds until one caught it, or null. */
export async function catchBrokenHosts(seed: number, runsMax: number): Promise<ReadonlyMap<string, number | null>> {
  const caught = new Map<string, number | null>();
  for (const name of Object.keys(BROKEN_HOSTS)) caught.set(name, await worldsUntilCaught(name, seed, runsMax));
  return caught;
}

/** Null: it escaped. */
export async function worldsUntilCaught(name: string, seed: number, runsMax: number): Promise<number | null> {
  const mend = BROKEN_HOSTS[name]?.();
  const { failures, worlds } = await runTimeWorlds(seed, runsMax);
  mend?.();
  return failures.length > 0 ? worlds : null;
}

function withoutCode(spec: DagSpec): ExecutableDag {
  return { spec, handlers: new Map(), mapFunctions: [], callbacks: {} };
}
