/**
 * @module The workloads, each run by both systems in turn, so that a busy moment of the machine hits both.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { tasksOf, type Shape, type System } from "./system.ts";
import type { WorkloadName } from "./bench-options.ts";
import { median, quantile, timeRun, timeRuns } from "./time-runs.ts";
import { cpuMsOf } from "./workerd-process.ts";

/** Runs of each shape before anything is timed: code is compiled, and tasks are known to be short. */
const WARM_UP_RUNS = 5;
const CHAIN_RUNS = 30;
const FAN_REPEATS = 5;
const CROWD_RUNS = 200;
const CROWD_REPEATS = 5;
/** After each go. */
const REST_MS = 100;

/** One figure of a workload. A ratio is Airflare's value by Workflows'. */
export interface Measure {
  readonly workload: string;
  readonly name: string;
  readonly unit: "ms" | "tasks/s" | "MB";
  readonly airflare: number;
  readonly workflows: number;
}

export interface Workload {
  readonly name: WorkloadName;
  /** What of it is counted per task: the shape, and how many runs at once. */
  readonly counted: readonly { readonly shape: Shape; readonly runs: number }[];
  measure(airflare: System, workflows: System): Promise<readonly Measure[]>;
}

const chain10: Shape = { kind: "chain", size: 10 };
const chain5: Shape = { kind: "chain", size: 5 };
const fans: readonly Shape[] = [
  { kind: "fan", size: 100 },
  { kind: "fan", size: 1_000 },
  { kind: "map", size: 1_000 },
];

export const WORKLOADS: readonly Workload[] = [
  {
    name: "W1",
    counted: [{ shape: chain10, runs: 1 }],
    async measure(airflare, workflows) {
      const goes = await inTurn(CHAIN_RUNS, airflare, workflows, chain10, timeRun);
      return [
        measureOf("W1", "chain of 10, median", "ms", goes, ({ times }) => median(times)),
        measureOf("W1", "chain of 10, p95", "ms", goes, ({ times }) => quantile(times, 0.95)),
        cpuMeasure("W1", "chain of 10", goes, chain10.size * CHAIN_RUNS),
      ];
    },
  },
  {
    name: "W2",
    counted: fans.map((shape) => ({ shape, runs: 1 })),
    async measure(airflare, workflows) {
      const measures: Measure[] = [];
      for (const shape of fans) {
        const goes = await inTurn(FAN_REPEATS, airflare, workflows, shape, timeRun);
        const name = `${shape.kind === "map" ? "mapped task" : "fan-out"} of ${shape.size}`;
        measures.push(measureOf("W2", `${name} and join, median`, "ms", goes, ({ times }) => median(times)));
        measures.push(cpuMeasure("W2", name, goes, tasksOf(shape) * FAN_REPEATS));
      }
      return measures;
    },
  },
  {
    name: "W3",
    counted: [{ shape: chain5, runs: CROWD_RUNS }],
    async measure(airflare, workflows) {
      const crowd = (system: System, shape: Shape) => timeRuns(system, shape, CROWD_RUNS);
      const goes = await inTurn(CROWD_REPEATS, airflare, workflows, chain5, crowd);
      const tasks = CROWD_RUNS * chain5.size;
      const name = `${CROWD_RUNS} runs of 5 at once`;
      return [
        measureOf("W3", `${name}, median`, "tasks/s", goes, ({ times }) => (tasks * 1_000) / median(times)),
        cpuMeasure("W3", name, goes, tasks * CROWD_REPEATS),
      ];
    },
  },
];

interface Goes {
  readonly times: readonly number[];
  /** CPU time of all goes together; it hardly depends on what else the machine does. */
  readonly cpuMs: number;
}

interface GoesOfBoth {
  readonly airflare: Goes;
  readonly workflows: Goes;
}

function measureOf(
  workload: string,
  name: string,
  unit: Measure["unit"],
  goes: GoesOfBoth,
  value: (goes: Goes) => number,
): Measure {
  return { workload, name, unit, airflare: value(goes.airflare), workflows: value(goes.workflows) };
}

function cpuMeasure(workload: string, name: string, goes: GoesOfBoth, tasks: number): Measure {
  return measureOf(workload, `${name}, CPU per task`, "ms", goes, ({ cpuMs }) => cpuMs / tasks);
}

/** Times `repeats` goes of each system, one after the other, after a warm-up of single runs. */
async function inTurn(
  repeats: number,
  airflare: System,
  workflows: System,
  shape: Shape,
  time: (system: System, shape: Shape) => Promise<number>,
): Promise<GoesOfBoth> {
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    await timeRun(airflare, shape);
    await timeRun(workflows, shape);
  }
  const goes = { airflare: { times: [] as number[], cpuMs: 0 }, workflows: { times: [] as number[], cpuMs: 0 } };
  const go = async (system: System, into: { times: number[]; cpuMs: number }): Promise<void> => {
    const before = cpuMsOf(system.pid);
    into.times.push(await time(system, shape));
    // What follows the end (mirror, alarms) is part of the cost, and must not fall into the other's time.
    await sleep(REST_MS);
    into.cpuMs += cpuMsOf(system.pid) - before;
  };
  for (let repeat = 0; repeat < repeats; repeat++) {
    await go(airflare, goes.airflare);
    await go(workflows, goes.workflows);
  }
  return goes;
}
