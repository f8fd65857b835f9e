/**
 * @module `npm run bench`: Airflare and Cloudflare Workflows side by side on the local runtime, times, memory, and what a task uses and costs.
 *
 * Prints figures and judges none: a time depends on the machine, so no exit code does.
 */
import fs from "node:fs/promises";
import process from "node:process";
import { startAirflare } from "./airflare-system.ts";
import { type BenchOptions, HELP, readOptions } from "./bench-options.ts";
import { countUsage } from "./count-usage.ts";
import { type BenchResult, type Counted, describeMachine, figuresTable, measuresTable, usageTable } from "./result.ts";
import type { Figure } from "./scale/scale-row.ts";
import { SCALE_ROWS } from "./scale/scale-rows.ts";
import { measureStarts } from "./start-up.ts";
import { type StateFolders, stateFolders, type StateKind } from "./state-folders.ts";
import { startWorkflows } from "./workflows-system.ts";
import { memoryOf, noticeWorkerds } from "./workerd-process.ts";
import { type Measure, type Workload, WORKLOADS } from "./workloads.ts";

const print = (text: string): boolean => process.stdout.write(`${text}\n`);
const progress = (text: string): boolean => process.stderr.write(`${text}\n`);

async function main(): Promise<void> {
  const options = readOptions(process.argv.slice(2));
  if (options.help) return void print(HELP);
  noticeWorkerds();
  // By `exit`, so that what cleans up behind an ended process does.
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(130));
  const date = new Date().toISOString();
  const machine = describeMachine();
  print(`${machine.cores} cores (${machine.cpu}), ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}`);
  print(`load ${machine.load.toFixed(2)}; ${date}\n`);
  const measures: Partial<Record<StateKind, readonly Measure[]>> = {};
  for (const state of options.states) {
    const found = await inFolders(state, (folders) => measureAll(options, state, folders));
    if (found === null) continue;
    measures[state] = found;
    if (found.length > 0) print(`State ${state === "disk" ? "on disk" : "in memory"}\n\n${measuresTable(found)}\n`);
  }
  const counted = options.counts ? ((await countAll(options)) ?? []) : [];
  if (counted.length > 0) print(`Airflare, used per task\n\n${usageTable(counted)}\n`);
  const figures: Partial<Record<StateKind, readonly Figure[]>> = {};
  for (const state of options.scale.size === 0 ? [] : options.states) {
    const found = await inFolders(state, (folders) => measureScale(options, state, folders));
    if (found === null) continue;
    figures[state] = found;
    print(`Scale, state ${state === "disk" ? "on disk" : "in memory"}\n\n${figuresTable(found)}\n`);
  }
  const result: BenchResult = { date, machine, measures, counted, figures };
  if (options.json !== null) await fs.writeFile(options.json, `${JSON.stringify(result, null, 2)}\n`);
}

async function measureAll({ only }: BenchOptions, state: StateKind, folders: StateFolders): Promise<Measure[]> {
  const starters = {
    airflare: async () => startAirflare({ stateFolder: await folders.next(), entry: "deployed" }),
    workflows: async () => startWorkflows({ stateFolder: await folders.next() }),
  };
  const measures: Measure[] = [];
  const asked = WORKLOADS.filter((workload) => only.has(workload.name));
  if (asked.length > 0) {
    const airflare = await starters.airflare();
    const workflows = await starters.workflows();
    for (const workload of asked) {
      progress(`${workload.name}, state: ${state}`);
      measures.push(...(await workload.measure(airflare, workflows)));
    }
    const peak = { airflare: memoryOf(airflare.pid).peakMb, workflows: memoryOf(workflows.pid).peakMb };
    const done = asked.map(({ name }) => name).join(", ");
    measures.push({ workload: "", name: `memory of workerd, peak over ${done}`, unit: "MB", ...peak });
    await Promise.all([airflare.stop(), workflows.stop()]);
  }
  if (only.has("W4")) {
    progress(`W4, state: ${state}`);
    measures.push(...(await measureStarts(starters)));
  }
  return measures;
}

async function measureScale({ scale }: BenchOptions, state: StateKind, folders: StateFolders): Promise<Figure[]> {
  const figures: Figure[] = [];
  for (const row of SCALE_ROWS.filter(({ name }) => scale.has(name))) {
    progress(`${row.name} (${row.what}), state: ${state}`);
    figures.push(...(await row.measure(folders)));
  }
  return figures;
}

/** What a task uses does not depend on where the state is: the quickest place will do. */
async function countAll(options: BenchOptions): Promise<readonly Counted[] | null> {
  const asked = WORKLOADS.filter((workload) => options.only.has(workload.name));
  if (asked.length === 0) return null;
  return inFolders(options.states.includes("memory") ? "memory" : "disk", async (folders) => {
    const system = await startAirflare({ stateFolder: await folders.next(), entry: "counting" });
    const counted: Counted[] = [];
    for (const workload of asked) counted.push(...(await countWorkload(system, workload)));
    await system.stop();
    return counted;
  });
}

async function countWorkload(
  system: Awaited<ReturnType<typeof startAirflare>>,
  { name, counted }: Workload,
): Promise<readonly Counted[]> {
  const all: Counted[] = [];
  for (const { shape, runs } of counted) {
    progress(`counting ${name}: ${shape.kind} of ${shape.size}`);
    all.push({ workload: name, shape, runs, ...(await countUsage(system, shape, runs)) });
  }
  return all;
}

/** `work` with folders for the state; null, and a word about it, where this machine has no such place. */
async function inFolders<T>(state: StateKind, work: (folders: StateFolders) => Promise<T>): Promise<T | null> {
  const folders = await stateFolders(state);
  if (folders === null) {
    progress("no /dev/shm here: nothing is measured with state in memory");
    return null;
  }
  try {
    return await work(folders);
  } finally {
    folders.removeAll();
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`bench: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
