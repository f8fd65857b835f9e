/**
 * @module T3: a backfill of 1,000 runs of one task, asked for over the API, beside 1,000 triggered runs of the same DAG.
 */
import { startAirflare, type AirflareSystem } from "../airflare-system.ts";
import type { StateFolders } from "../state-folders.ts";
import { timeRun, timeRuns } from "../time-runs.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";
import { secondsUntil } from "./until.ts";

const RUNS = 1_000;
const HOUR_MS = 3_600_000;
const FROM = Date.parse("2026-01-01T00:00:00Z");
const ONE_TASK = { kind: "chain", size: 1 } as const;
const WARM_UP_RUNS = 5;
/** Runs at a time: Airflow's default, and what keeps two cores busy. */
const ACTIVE = [10, 100] as const;

export const backfillRow: ScaleRow = {
  name: "T3",
  what: "a backfill of 1,000 one-task runs",
  async measure(folders: StateFolders) {
    const airflare = await startAirflare({ stateFolder: await folders.next(), entry: "deployed" });
    for (let run = 0; run < WARM_UP_RUNS; run++) await timeRun(airflare, ONE_TASK);
    const figures: Figure[] = [];
    for (const [round, active] of ACTIVE.entries()) {
      const seconds = await backfill(airflare, FROM + round * RUNS * HOUR_MS, active);
      figures.push({ row: "T3", name: `backfill of ${RUNS}, ${active} active`, unit: "/s", value: RUNS / seconds });
    }
    const triggered = (await timeRuns(airflare, ONE_TASK, RUNS)) / 1_000;
    figures.push({ row: "T3", name: `${RUNS} triggered runs of the same DAG`, unit: "/s", value: RUNS / triggered });
    await airflare.stop();
    return figures;
  },
};

/** Seconds from the POST to the GET that shows it completed, with every run a success. */
async function backfill(airflare: AirflareSystem, from: number, active: number): Promise<number> {
  const beganAt = performance.now();
  const { status, body } = await airflare.client.call("POST", "/api/v2/backfills", {
    dag_id: "chain_1",
    from_date: new Date(from).toISOString(),
    to_date: new Date(from + (RUNS - 1) * HOUR_MS).toISOString(),
    max_active_runs: active,
  });
  if (status !== 200) throw new Error(`the backfill was refused: ${status} ${JSON.stringify(body)}`);
  const path = `/api/airflare/v1/backfills/${String(body["id"])}/progress`;
  const progress = async () => (await airflare.client.call("GET", path)).body;
  await secondsUntil(async () => (await progress())["success"] === RUNS, "the backfill is complete", 20);
  return (performance.now() - beganAt) / 1_000;
}
