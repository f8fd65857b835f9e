/**
 * @module The workloads, each run by both systems in turn, so that a busy moment of the machine hits both.
 */
import type { Shape, System } from "./system.ts";
import type { WorkloadName } from "./bench-options.ts";
import { median, quantile, timeRun, timeRuns } from "./time-runs.ts";

/** Runs of each shape before anything is timed: code is compiled, and tasks are known to be short. */
const WARM_UP_RUNS = 5;
const CHAIN_RUNS = 30;
const FAN_REPEATS = 5;
const CROWD_RUNS = 200;
const CROWD_REPEATS = 3;

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
      const times = await inTurn(CHAIN_RUNS, airflare, workflows, chain10, timeRun);
      const measure = (name: string, of: (values: readonly number[]) => number): Measure => ({
        workload: "W1",
        name: `chain of 10, ${name}`,
        unit: "ms",
        airflare: of(times.airflare),
        workflows: of(times.workflows),
      });
      return [measure("median", median), measure("p95", (values) => quantile(values, 0.95))];
    },
  },
  {
    name: "W2",
    counted: fans.map((shape) => ({ shape, runs: 1 })),
    async measure(airflare, workflows) {
      const measures: Measure[] = [];
      for (const shape of fans) {
        const times = await inTurn(FAN_REPEATS, airflare, workflows, shape, timeRun);
        const name = `${shape.kind === "map" ? "mapped task" : "fan-out"} of ${shape.size} and join, median`;
        const medians = { airflare: median(times.airflare), workflows: median(times.workflows) };
        measures.push({ workload: "W2", name, unit: "ms", ...medians });
      }
      return measures;
    },
  },
  {
    name: "W3",
    counted: [{ shape: chain5, runs: CROWD_RUNS }],
    async measure(airflare, workflows) {
      const crowd = (system: System, shape: Shape) => timeRuns(system, shape, CROWD_RUNS);
      const times = await inTurn(CROWD_REPEATS, airflare, workflows, chain5, crowd);
      const rate = (values: readonly number[]): number => (CROWD_RUNS * chain5.size * 1_000) / median(values);
      const rates = { airflare: rate(times.airflare), workflows: rate(times.workflows) };
      return [{ workload: "W3", name: `${CROWD_RUNS} runs of 5 at once, median`, unit: "tasks/s", ...rates }];
    },
  },
];

/** Times `repeats` goes of each system, one after the other, after a warm-up of single runs. */
async function inTurn(
  repeats: number,
  airflare: System,
  workflows: System,
  shape: Shape,
  time: (system: System, shape: Shape) => Promise<number>,
): Promise<{ readonly airflare: readonly number[]; readonly workflows: readonly number[] }> {
  for (let run = 0; run < WARM_UP_RUNS; run++) {
    await timeRun(airflare, shape);
    await timeRun(workflows, shape);
  }
  const times = { airflare: [] as number[], workflows: [] as number[] };
  for (let go = 0; go < repeats; go++) {
    times.airflare.push(await time(airflare, shape));
    times.workflows.push(await time(workflows, shape));
  }
  return times;
}
