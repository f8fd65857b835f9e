/**
 * @module T5: what waiting costs and how fast it ends. Ten thousand sensors in one run: nothing between pokes, and what a poke uses. Tasks that wait for another
 * DAG: from the end of the awaited task to the end of the waiting one.
 */
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startAirflare, type AirflareSystem } from "../airflare-system.ts";
import type { StateFolders } from "../state-folders.ts";
import { median, quantile } from "../time-runs.ts";
import type { Figure, ScaleRow } from "./scale-row.ts";
import { secondsUntil } from "./until.ts";

const SENSORS = 10_000;
const PAIRS = 30;
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
const FIRST_DAY = Date.parse("2026-01-01T00:00:00Z");
/** The counts must have stood still so long before they are taken as those of waiting. */
const QUIET_MS = 15_000;

type Counts = Readonly<Record<string, unknown>>;

export const waitingRow: ScaleRow = {
  name: "T5",
  what: "10,000 sensors waiting, and waiting for another DAG",
  async measure(folders: StateFolders) {
    const dagFolder = path.join(import.meta.dirname, "waiting_dags");
    const counting = await startAirflare({ stateFolder: await folders.next(), entry: "counting", dagFolder });
    const figures = [...(await betweenPokes(counting)), ...(await ofPokes(counting))];
    await counting.stop();
    const timed = await startAirflare({ stateFolder: await folders.next(), entry: "deployed", dagFolder });
    figures.push(...(await wakeUps(timed)));
    await timed.stop();
    return figures;
  },
};

/** A minute in which ten thousand sensors wait and none is due. */
async function betweenPokes(system: AirflareSystem): Promise<readonly Figure[]> {
  await waitingRun(system, "crowd_by_hour");
  await counted(system, MINUTE_MS);
  const used = await counted(system, MINUTE_MS);
  return [
    figure(`object calls and alarms of ${SENSORS} waiting sensors in a minute without pokes`, "", calls(used)),
    figure(`rows written by ${SENSORS} waiting sensors in a minute without pokes`, "", rows(used)),
  ];
}

/** What each of ten thousand sensors uses for a poke a minute, per hour of waiting. */
async function ofPokes(system: AirflareSystem): Promise<readonly Figure[]> {
  await waitingRun(system, "crowd_by_minute");
  await sleep(MINUTE_MS);
  const minutes = 2;
  const used = await counted(system, minutes * MINUTE_MS);
  const perHour = (value: number): number => (value * 60) / minutes / SENSORS;
  return [
    figure("a sensor that pokes once a minute, of 10,000: object calls and alarms per hour", "", perHour(calls(used))),
    figure("the same: queue messages per hour", "", perHour(Number(used["queue messages"] ?? 0))),
    figure("the same: rows written per hour", "", perHour(rows(used))),
  ];
}

async function wakeUps(system: AirflareSystem): Promise<readonly Figure[]> {
  const times: number[] = [];
  for (let day = 0; day < PAIRS; day++) {
    const date = new Date(FIRST_DAY + day * DAY_MS).toISOString();
    const waiting = await triggerFor(system, "waiter", date);
    await secondsUntil(
      async () => (await instance(system, "waiter", waiting))["state"] === "up_for_reschedule",
      "the waiter waits",
      20,
    );
    const awaited = await triggerFor(system, "awaited", date);
    await secondsUntil(
      async () => (await instance(system, "waiter", waiting))["state"] === "success",
      "the waiter was woken",
      20,
    );
    const ends = [await instance(system, "waiter", waiting), await instance(system, "awaited", awaited)];
    const [woken = 0, done = 0] = ends.map((one) => Date.parse(String(one["end_date"])));
    times.push(woken - done);
  }
  return [
    figure("end of an awaited task to the end of who waits for it, median", "ms", median(times)),
    figure("end of an awaited task to the end of who waits for it, p95", "ms", quantile(times, 0.95)),
  ];
}

function figure(name: string, unit: Figure["unit"], value: number): Figure {
  return { row: "T5", name, unit, value };
}

/** A run whose sensors have all poked once. */
async function waitingRun(system: AirflareSystem, dagId: string): Promise<void> {
  const runId = await triggerFor(system, dagId, null);
  const path_ = `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances?limit=1&state=up_for_reschedule`;
  await secondsUntil(
    async () => Number((await system.client.call("GET", path_)).body["total_entries"]) === SENSORS,
    `${SENSORS} sensors wait`,
  );
  await sleep(QUIET_MS);
}

/** What is used in `ms`. */
async function counted(system: AirflareSystem, ms: number): Promise<Counts> {
  await system.client.call("POST", "/api/bench/counts");
  await sleep(ms);
  return (await system.client.call("GET", "/api/bench/counts")).body;
}

function calls(counts: Counts): number {
  return sum(counts, ["object DagRunObject", "alarm DagRunObject"]);
}

function rows(counts: Counts): number {
  return sum(counts, ["rows DagRunObject", "setAlarm DagRunObject"]);
}

function sum(counts: Counts, prefixes: readonly string[]): number {
  const own = Object.entries(counts).filter(([name]) => prefixes.some((prefix) => name.startsWith(prefix)));
  return own.reduce((total, [, value]) => total + Number(value), 0);
}

async function triggerFor(system: AirflareSystem, dagId: string, logicalDate: string | null): Promise<string> {
  const { status, body } = await system.client.call("POST", `/api/v2/dags/${dagId}/dagRuns`, {
    logical_date: logicalDate,
  });
  if (status !== 200) throw new Error(`${dagId} was refused: ${status} ${JSON.stringify(body)}`);
  return String(body["dag_run_id"]);
}

async function instance(
  system: AirflareSystem,
  dagId: string,
  runId: string,
): Promise<Readonly<Record<string, unknown>>> {
  const { body } = await system.client.call(
    "GET",
    `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}/taskInstances?limit=1`,
  );
  const [first] = body["task_instances"] as readonly Readonly<Record<string, unknown>>[];
  return first ?? {};
}
