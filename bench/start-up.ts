/**
 * @module W4: what a start costs until the first answer and until the first run has ended, each time over an empty state folder; and memory at rest.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { System } from "./system.ts";
import { median, timeRun } from "./time-runs.ts";
import type { Measure } from "./workloads.ts";
import { memoryOf } from "./workerd-process.ts";

const STARTS = 3;
/** What a start still does behind the first answer (first tick, deploy sync) is over by then. */
const SETTLE_MS = 2_000;

interface Start {
  readonly toFirstResponse: number;
  readonly fromWorkerd: number;
  readonly toFirstRun: number;
  readonly idleMb: number;
}

/** Starts each system a few times, in turn. */
export async function measureStarts(starters: {
  readonly airflare: () => Promise<System>;
  readonly workflows: () => Promise<System>;
}): Promise<readonly Measure[]> {
  const airflare: Start[] = [];
  const workflows: Start[] = [];
  for (let start = 0; start < STARTS; start++) {
    airflare.push(await measureStart(starters.airflare));
    workflows.push(await measureStart(starters.workflows));
  }
  const measure = (name: string, unit: Measure["unit"], of: (start: Start) => number): Measure => ({
    workload: "W4",
    name,
    unit,
    airflare: median(airflare.map(of)),
    workflows: median(workflows.map(of)),
  });
  return [
    measure("workerd started to first response", "ms", (start) => start.fromWorkerd),
    measure("start called to first response", "ms", (start) => start.toFirstResponse),
    measure("start called to first finished run", "ms", (start) => start.toFirstRun),
    measure("memory of workerd, idle", "MB", (start) => start.idleMb),
  ];
}

async function measureStart(starter: () => Promise<System>): Promise<Start> {
  const system = await starter();
  const firstRun = await timeRun(system, { kind: "chain", size: 10 });
  await sleep(SETTLE_MS);
  const idleMb = memoryOf(system.pid).rssMb;
  await system.stop();
  return { ...system.start, toFirstRun: system.start.toReady + firstRun, idleMb };
}
