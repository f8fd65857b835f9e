/**
 * @module Runs worlds by seed, counts what was covered, checks that a seed replays, and that every broken core is caught.
 */
import { BROKEN_CORES, type Core, REAL_CORE } from "./cores.ts";
import { FAULT_KINDS } from "./faults.ts";
import { World } from "./world.ts";

export interface Failure {
  readonly seed: number;
  readonly message: string;
  readonly trace: readonly string[];
  readonly faults: World["faults"];
}

export interface Batch {
  readonly worlds: number;
  readonly events: number;
  readonly failures: readonly Failure[];
  readonly coverage: ReadonlyMap<string, number>;
}

/** Marks that a batch of some thousand worlds must have met; one at zero means that the simulation went blind there. */
export const REQUIRED_COVERAGE: readonly string[] = [
  ...FAULT_KINDS,
  "restored",
  "run deleted",
  "slot lease ended",
  "slot given in order",
  "event slots-answered",
  "handed off",
  "segment continued",
  "stale token",
  "stale report refused",
  "attempt told to stop",
  "call repeated",
  "driver died",
  "revived by the sweep",
  "older history refused",
  "task-callback",
  "dag-callback",
  "sla kept",
  "sla missed",
  "event run-started",
  "event attempts-claimed",
  "event attempts-finished",
  "event attempts-heartbeat",
  "event timer-due",
  "event watched-state",
  "event task-instance-woken",
  "event task-instances-cleared",
  "event task-instances-marked",
  "event run-cancelled",
  "event run-marked",
  "queued > running",
  "running > success",
  "running > failed",
  "running > skipped",
  "running > up_for_retry",
  "running > up_for_reschedule",
  "running > deferred",
  "deferred > queued",
  "running > queued",
  "none > queued",
  "none > success",
  "none > skipped",
  "none > upstream_failed",
  "up_for_retry > queued",
  "up_for_reschedule > queued",
  "failed > none",
  "success > none",
];

/** The engine's full recount after each event costs more than the event: every n-th world does it. */
const RECOUNTED_EVERY = 16;

/** Worlds `seed`, `seed + 1`, ... Stops at the first violation. */
export function runBatch(seed: number, runs: number, core: Core = REAL_CORE): Batch {
  const coverage = new Map<string, number>();
  let events = 0;
  for (let index = 0; index < runs; index++) {
    const checksRuns = core === REAL_CORE && (seed + index) % RECOUNTED_EVERY === 0;
    const world = new World(seed + index, core, coverage, { checksRuns, traces: false });
    const message = violationOf(world);
    events += world.events;
    if (message !== null)
      return { worlds: index + 1, events, failures: [failureOf(seed + index, core, message)], coverage };
  }
  return { worlds: runs, events, failures: [], coverage };
}

function violationOf(world: World): string | null {
  try {
    world.run();
    return null;
  } catch (error) {
    return error instanceof Error ? `${error.constructor.name}: ${error.message}` : String(error);
  }
}

/** Runs the failing seed once more, with its last events written down. */
function failureOf(seed: number, core: Core, message: string): Failure {
  const world = new World(seed, core, new Map(), { checksRuns: false, traces: true });
  violationOf(world);
  return { seed, message, trace: world.trace, faults: world.faults };
}

/** Trace hash of one world; the same for the same seed, or the core is not deterministic. */
export function traceHash(seed: number): number {
  const world = new World(seed, REAL_CORE, new Map(), { checksRuns: false, traces: false });
  world.run();
  return world.hash;
}

/** For each broken core the first seed that catches it, or null. */
export function catchBrokenCores(seed: number, runsMax: number): ReadonlyMap<string, number | null> {
  const caught = new Map<string, number | null>();
  for (const [name, core] of Object.entries(BROKEN_CORES)) {
    const batch = runBatch(seed, runsMax, core);
    caught.set(name, batch.failures[0]?.seed ?? null);
  }
  return caught;
}
