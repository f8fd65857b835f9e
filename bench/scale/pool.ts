/**
 * @module P1: 1,000 mapped tasks wait for a pool of 5 slots. How long slots lie idle between two tasks, and that never more than 5 run.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { startAirflare, type AirflareSystem } from "../airflare-system.ts";
import type { StateFolders } from "../state-folders.ts";
import { cpuMsOf } from "../workerd-process.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";
import { secondsUntil } from "./until.ts";

const TASKS = 1_000;
const SLOTS = 5;
const TASK_MS = 500;
const PAGE = 100;
const RUNS_PATH = "/api/v2/dags/pooled/dagRuns";

export const poolRow: ScaleRow = {
  name: "P1",
  what: "1,000 tasks of half a second wait for a pool of 5 slots",
  async measure(folders: StateFolders) {
    const stateFolder = await folders.next();
    const dagFolder = path.join(stateFolder, "dags");
    await fs.mkdir(dagFolder);
    await fs.writeFile(path.join(dagFolder, "pooled.ts"), DAG_FILE);
    const airflare = await startAirflare({ stateFolder, entry: "deployed", dagFolder });
    await ask(airflare, "POST", "/api/v2/pools", { name: "narrow", slots: SLOTS });
    const { dag_run_id: runId } = await ask(airflare, "POST", RUNS_PATH, { logical_date: null });
    const run = `${RUNS_PATH}/${encodeURIComponent(String(runId))}`;
    const seconds = await secondsUntil(
      async () => (await ask(airflare, "GET", run))["state"] === "success",
      "the run has ended",
    );
    const attempts = await attemptsOf(airflare, run);
    const figures = [...slotFigures(attempts), figure("whole run", "s", seconds)];
    figures.push(figure("CPU of workerd per task", "ms", cpuMsOf(airflare.pid) / TASKS));
    await airflare.stop();
    return figures;
  },
};

interface Attempt {
  readonly start: number;
  readonly end: number;
}

function slotFigures(attempts: readonly Attempt[]): Figure[] {
  const changes = attempts.flatMap(({ start, end }) => [
    { at: start, by: 1 },
    { at: end, by: -1 },
  ]);
  // What ends in the same millisecond ends first.
  changes.sort((a, b) => a.at - b.at || a.by - b.by);
  let [running, peak] = [0, 0];
  for (const { by } of changes) peak = Math.max(peak, (running += by));
  if (peak > SLOTS) throw new Error(`${peak} tasks of a pool of ${SLOTS} slots ran at once`);
  const busy = attempts.reduce((sum, { start, end }) => sum + end - start, 0);
  const whole = Math.max(...attempts.map(({ end }) => end)) - Math.min(...attempts.map(({ start }) => start));
  const idle = SLOTS * whole - busy;
  return [
    figure("most tasks at once", "", peak),
    figure("slots idle, share of their time in per cent", "", (100 * idle) / (SLOTS * whole)),
    figure("slot idle between two tasks, mean", "ms", idle / TASKS),
  ];
}

async function attemptsOf(airflare: AirflareSystem, run: string): Promise<readonly Attempt[]> {
  const attempts: Attempt[] = [];
  for (let offset = 0; offset < TASKS; offset += PAGE) {
    // oxlint-disable-next-line no-await-in-loop
    const body = await ask(airflare, "GET", `${run}/taskInstances?limit=${PAGE}&offset=${offset}`);
    const page = body["task_instances"] as readonly { readonly start_date: string; readonly end_date: string }[];
    attempts.push(...page.map((one) => ({ start: Date.parse(one.start_date), end: Date.parse(one.end_date) })));
  }
  if (attempts.length !== TASKS) throw new Error(`${attempts.length} of ${TASKS} tasks ran`);
  return attempts;
}

async function ask(
  airflare: AirflareSystem,
  method: "GET" | "POST",
  target: string,
  body?: unknown,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await airflare.client.call(method, target, body);
  if (answer.status >= 300) throw new Error(`${method} ${target}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return answer.body;
}

function figure(name: string, unit: Figure["unit"], value: number): Figure {
  return { row: "P1", name: `pool of ${SLOTS}, ${TASKS} tasks: ${name}`, unit, value };
}

const DAG_FILE = `import { dag, task } from "airflare";

const work = task("work", { pool: "narrow", retries: 0 }, async ({ n }: { n: number }) => {
  await new Promise((resolve) => setTimeout(resolve, ${TASK_MS}));
  return n;
});

export const pooled = dag("pooled", { schedule: null, maxActiveTasks: ${TASKS}, isPausedUponCreation: false }, () => {
  work.expand({ n: Array.from({ length: ${TASKS} }, (_, n) => n) });
});
`;
