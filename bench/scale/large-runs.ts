/**
 * @module L1 to L4: one run of 10,000 tasks flat and in layers, one task over 100,000 items, 1,000 runs at once while the API is read. Each beside a
 * smaller one of its kind: by that the cost per task is judged.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type AirflareSystem, startAirflare } from "../airflare-system.ts";
import { countUsage } from "../count-usage.ts";
import type { StateFolders } from "../state-folders.ts";
import { tasksOf, type Shape } from "../system.ts";
import { quantile, timeRun, timeRuns } from "../time-runs.ts";
import { cpuMsOf, memoryOf } from "../workerd-process.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";

/** Between two looks at the memory, and between two reads of the API. */
const LOOK_MS = 50;
/** What follows the end of a run (mirror, alarms) is over by then. */
const REST_MS = 1_000;
const CROWD_RUNS = 1_000;
const DAG_FOLDER = path.join(import.meta.dirname, "large_dags");

export const LARGE_RUN_ROWS: readonly ScaleRow[] = [
  largeRow("L1", "10,000 tasks side by side and a join, in one run", "fan", [1_000, 10_000]),
  largeRow(
    "L2",
    "100 layers of 100 tasks, each waiting for the whole layer before: 990,000 edges",
    "layers",
    [32, 100],
  ),
  largeRow("L3", "one mapped task over 100,000 items", "list", [1_000, 10_000, 100_000]),
  {
    name: "L4",
    what: "1,000 runs of 5-task chains triggered at once while the API is read",
    measure: (folders) => measured("L4", { kind: "chain", size: 5 }, CROWD_RUNS, { kind: "chain", size: 5 }, folders),
  },
];

function largeRow(name: string, what: string, kind: Shape["kind"], sizes: readonly number[]): ScaleRow {
  return {
    name,
    what,
    async measure(folders) {
      const figures: Figure[] = [];
      // One after the other, each over a state of its own: the memory is that of the one run.
      for (const size of sizes)
        figures.push(...(await measured(name, { kind, size }, 1, { kind, size: sizes[0] ?? size }, folders)));
      return figures;
    },
  };
}

/** Times `runs` of a shape after one run of a small one, then counts what it uses in a second Airflare. */
async function measured(
  row: string,
  shape: Shape,
  runs: number,
  small: Shape,
  folders: StateFolders,
): Promise<readonly Figure[]> {
  const name = `${runs > 1 ? `${runs} runs, ` : ""}${shape.kind} of ${shape.size}`;
  const figure = (what: string, unit: Figure["unit"], value: number): Figure => ({
    row,
    name: `${name}, ${what}`,
    unit,
    value,
  });
  const system = await startAirflare({ stateFolder: await folders.next(), entry: "deployed", dagFolder: DAG_FOLDER });
  await timeRun(system, small);
  await sleep(REST_MS);
  const before = { cpuMs: cpuMsOf(system.pid), rssMb: memoryOf(system.pid).rssMb };
  const looking = look(system, runs > 1);
  const ms = runs === 1 ? await timeRun(system, shape) : await timeRuns(system, shape, runs);
  await sleep(REST_MS);
  const { peakMb, reads } = await looking.stop();
  const cpuMs = (cpuMsOf(system.pid) - before.cpuMs) / (tasksOf(shape) * runs);
  await system.stop();
  const figures = [
    figure("time", "s", ms / 1_000),
    figure("CPU per task", "ms", cpuMs),
    // The objects' heap, SQLite's pages, messages under way.
    figure("memory of workerd, growth", "MB", peakMb - before.rssMb),
  ];
  if (reads.length > 0) return [...figures, figure("list of runs read meanwhile, p95", "ms", quantile(reads, 0.95))];
  return [...figures, figure("rows written per task", "", await rowsPerTask(shape, folders))];
}

async function rowsPerTask(shape: Shape, folders: StateFolders): Promise<number> {
  const system = await startAirflare({ stateFolder: await folders.next(), entry: "counting", dagFolder: DAG_FOLDER });
  const { usage } = await countUsage(system, shape, 1);
  await system.stop();
  return usage.objectRowsWritten + usage.d1RowsWritten;
}

/** Watches the memory, and reads the newest runs over and over when asked to, until it is stopped. */
function look(system: AirflareSystem, reading: boolean) {
  const stopping = new AbortController();
  let peakMb = 0;
  const reads: number[] = [];
  const work = (async () => {
    while (!stopping.signal.aborted) {
      peakMb = Math.max(peakMb, memoryOf(system.pid).rssMb);
      if (reading) {
        const sentAt = performance.now();
        await system.client.call("GET", "/api/v2/dags/~/dagRuns?limit=50&order_by=-run_after");
        reads.push(performance.now() - sentAt);
      }
      await sleep(LOOK_MS);
    }
  })();
  return {
    async stop() {
      stopping.abort();
      await work;
      return { peakMb, reads };
    },
  };
}
