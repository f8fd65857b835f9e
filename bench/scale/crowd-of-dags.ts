/**
 * @module T1: 10,000 DAGs of one file. Deployed, deployed again, ticked with nothing due, and all due in one minute. The bench is the clock.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { startAirflare, type AirflareSystem } from "../airflare-system.ts";
import type { StateFolders } from "../state-folders.ts";
import { median } from "../time-runs.ts";
import { cpuMsOf } from "../workerd-process.ts";
import { peakOfTree } from "./process-tree.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";
import { secondsUntil } from "./until.ts";

const MANY = 10_000;
const FEW = 10;
const IDLE_TICKS = 10;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
/** Every DAG's first fire. */
const SLOT = Date.parse("2026-06-01T00:00:00Z");

export const crowdRow: ScaleRow = {
  name: "T1",
  what: "10,000 DAGs in one file: deploy, a tick with nothing due, all due in one minute",
  async measure(folders) {
    return [...(await measureCrowd(folders, FEW)), ...(await measureCrowd(folders, MANY))];
  },
};

async function measureCrowd(folders: StateFolders, dags: number): Promise<readonly Figure[]> {
  const stateFolder = await folders.next();
  const dagFolder = path.join(stateFolder, "dags");
  await fs.mkdir(dagFolder);
  await fs.writeFile(path.join(dagFolder, "crowd.ts"), crowdFile(dags));
  const airflare = await startAirflare({ stateFolder, entry: "deployed", dagFolder, ownClock: false });
  const figures: Figure[] = [];
  const figure = (name: string, unit: Figure["unit"], value: number): void =>
    void figures.push({ row: "T1", name: `${dags} DAGs, ${name}`, unit, value });
  figure("start called to first response", "ms", airflare.start.toFirstResponse);
  const { size } = await fs.stat(path.join(stateFolder, "generated/dags.ts"));
  figure("generated index", "MB", size / 2 ** 20);

  const deploying = deploy(airflare, dags);
  const beganAt = performance.now();
  const { status } = await airflare.client.call("POST", "/api/v2/dags/crowd_7/dagRuns", { logical_date: null });
  if (status !== 200) throw new Error(`a trigger during the deploy was answered with ${status}`);
  figure("trigger of one of them during the deploy", "ms", performance.now() - beganAt);
  figure("deploy", "s", await deploying);
  figure("deploy, CPU of workerd per DAG", "ms", cpuMsOf(airflare.pid) / dags);
  await fs.writeFile(path.join(dagFolder, "other.ts"), OTHER_FILE);
  await airflare.reload();
  figure("deploy that changes none of them", "s", await deploy(airflare, dags + 1));

  // The first tick says what time it is.
  const known = () => count(airflare, "dag", `due_at = ${SLOT}`, dags);
  figure("first tick: every DAG knows its next run", "s", await tickUntil(airflare, SLOT - HOUR_MS, known));
  const ticks: number[] = [];
  for (let tick = 1; tick <= IDLE_TICKS; tick++)
    ticks.push(await timed(() => airflare.tick(SLOT - HOUR_MS / 2 + tick)));
  figure("tick with nothing due, median", "ms", median(ticks));

  const cpuBefore = cpuMsOf(airflare.pid);
  const tickedAt = performance.now();
  const scheduled = "run_type = 'scheduled'";
  await tickUntil(airflare, SLOT, () => count(airflare, "dag_run", scheduled, dags));
  figure("all due: last run created and in the history", "s", (performance.now() - tickedAt) / 1_000);
  await secondsUntil(
    () => count(airflare, "dag_run", `${scheduled} AND state = 'success'`, dags),
    "every run has ended",
  );
  figure("all due: last run ended", "s", (performance.now() - tickedAt) / 1_000);
  figure("all due, CPU of workerd per run", "ms", (cpuMsOf(airflare.pid) - cpuBefore) / dags);
  // A late, repeated tick makes nothing twice.
  await airflare.tick(SLOT);
  const made = await rows(airflare, "dag_run", scheduled);
  if (made !== dags) throw new Error(`${dags} DAGs made ${made} runs of one slot`);
  figure("memory of the process tree, peak", "MB", peakOfTree(airflare.pid));
  await airflare.stop();
  return figures;
}

/** As the clock does: ticks now and each minute until `holds`. What failed in one tick comes with the next. */
async function tickUntil(airflare: AirflareSystem, at: number, holds: () => Promise<boolean>): Promise<number> {
  let [next, ticks] = [0, 0];
  const look = async (): Promise<boolean> => {
    if (performance.now() >= next) {
      next = performance.now() + MINUTE_MS;
      await airflare.tick(at + ticks++);
    }
    return holds();
  };
  return secondsUntil(look, `all that is due at ${new Date(at).toISOString()} is done`);
}

/** Seconds until the bundle is in: the clock sends pages, and notes the hash with the first tick that finds nothing left. */
async function deploy(airflare: AirflareSystem, dags: number): Promise<number> {
  const beganAt = performance.now();
  const db = await airflare.database();
  const noted = async (): Promise<unknown> => db.prepare("SELECT bundle_hash FROM deployment").first("bundle_hash");
  const before = await noted();
  await airflare.tick(1);
  await secondsUntil(() => count(airflare, "dag", "true", dags), "every DAG is in");
  await airflare.tick(2);
  if ((await noted()) === before) throw new Error("the deploy is not noted");
  return (performance.now() - beganAt) / 1_000;
}

async function count(airflare: AirflareSystem, table: string, where: string, wanted: number): Promise<boolean> {
  return (await rows(airflare, table, where)) >= wanted;
}

async function rows(airflare: AirflareSystem, table: string, where: string): Promise<number> {
  const db = await airflare.database();
  return Number(await db.prepare(`SELECT count(*) AS n FROM ${table} WHERE ${where}`).first("n"));
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const beganAt = performance.now();
  await work();
  return performance.now() - beganAt;
}

function crowdFile(dags: number): string {
  return `import { dag, task } from "airflare";
const work = task("work", { retries: 0 }, async () => 1);
export const crowd = Array.from({ length: ${dags} }, (_, i) =>
  dag(\`crowd_\${i}\`, { schedule: "0 0 1 * *", startDate: "2026-06-01" }, () => void work()));
`;
}

const OTHER_FILE = `import { dag, empty } from "airflare";
export const other = dag("other", { schedule: null }, () => void empty("a"));
`;
