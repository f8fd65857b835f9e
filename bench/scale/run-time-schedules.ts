/**
 * @module T2: 100,000 schedules made over the API, all of one DAG; 10,000 of them due in one minute.
 */
import { startAirflare, type AirflareSystem } from "../airflare-system.ts";
import { median } from "../time-runs.ts";
import { peakOfTree } from "./process-tree.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";
import { secondsUntil } from "./until.ts";

const STORED = 100_000;
const DUE = 10_000;
/** Requests under way at the same time. */
const PARALLEL = 50;
/** From the first of those that are due made to their minute; making them takes most of it. */
const LEAD_MS = 120_000;
const MINUTE_MS = 60_000;
const READS = 20;
const PATH = "/api/airflare/v1/schedules";
const FAR = "2036-01-01T00:00:00Z";

export const runTimeSchedulesRow: ScaleRow = {
  name: "T2",
  what: "100,000 schedules made at run time on one DAG, 10,000 of them due in one minute",
  async measure(folders) {
    const airflare = await startAirflare({ stateFolder: await folders.next(), entry: "deployed" });
    const figures: Figure[] = [];
    const figure = (name: string, unit: Figure["unit"], value: number): void =>
      void figures.push({ row: "T2", name, unit, value });
    const waiting = await make(airflare, STORED - DUE, "later", () => FAR);
    figure(`${STORED - DUE} schedules made`, "/s", (STORED - DUE) / waiting);
    const minute = Math.ceil((Date.now() + LEAD_MS) / MINUTE_MS) * MINUTE_MS;
    const due = await make(airflare, DUE, "due", (i) => new Date(minute + (i % 60) * 1_000).toISOString());
    figure(`${DUE} more, with ${STORED - DUE} stored`, "/s", DUE / due);
    figure("one read, median", "ms", median(await timesOf(READS, () => airflare.client.call("GET", `${PATH}/due-7`))));
    const page = () => airflare.client.call("GET", `${PATH}?key=later-7&limit=100`);
    figure("page of 100 by key, median", "ms", median(await timesOf(READS, page)));
    const db = await airflare.database();
    const runs = (state: string): Promise<number | null> =>
      db.prepare(`SELECT count(*) AS n FROM dag_run WHERE run_id LIKE 'scheduled__due-%' AND ${state}`).first("n");
    if (Date.now() > minute) throw new Error("the schedules were not made before their minute");
    await secondsUntil(async () => (await runs("true")) === DUE, "every run is created", 1_000);
    figure("due: first second of the minute to the last run created", "s", (Date.now() - minute) / 1_000);
    await secondsUntil(async () => (await runs("state = 'success'")) === DUE, "every run has ended", 1_000);
    figure("due: first second of the minute to the last run ended", "s", (Date.now() - minute) / 1_000);
    figure("memory of the process tree, peak", "MB", peakOfTree(airflare.pid));
    await airflare.stop();
    return figures;
  },
};

/** Seconds until all are made; each answer has the next run. */
async function make(
  airflare: AirflareSystem,
  number: number,
  prefix: string,
  at: (i: number) => string,
): Promise<number> {
  const beganAt = performance.now();
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let i = next++; i < number; i = next++) {
      const body = { id: `${prefix}-${i}`, dag_id: "chain_1", at: at(i), key: `${prefix}-${i % 100}` };
      const answer = await airflare.client.call("POST", PATH, body);
      if (Date.parse(String(answer.body["next_run"])) !== Date.parse(at(i)))
        throw new Error(`a schedule was refused: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, worker));
  return (performance.now() - beganAt) / 1_000;
}

async function timesOf(number: number, work: () => Promise<unknown>): Promise<number[]> {
  const times: number[] = [];
  for (let i = 0; i < number; i++) {
    const beganAt = performance.now();
    await work();
    times.push(performance.now() - beganAt);
  }
  return times;
}
