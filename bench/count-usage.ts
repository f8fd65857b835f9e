/**
 * @module Counts what a task costs: a second Airflare whose bindings and storage count, driven without anybody looking on, and never timed.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { AirflareSystem } from "./airflare-system.ts";
import type { TaskUsage } from "./prices.ts";
import { tasksOf, type Shape } from "./system.ts";

type Counts = Readonly<Record<string, number>>;

/** Runs before the count: their durations make the tasks known short, as in every DAG that is not new. */
const WARM_UP_RUNS = 3;
/** The counts must stand still this long before they are read: mirrors and alarms follow the end of a run. */
const QUIET_MS = 1_500;
const LOOK_MS = 250;

export interface CountedWorkload {
  readonly usage: TaskUsage;
  /** Per task, by name. */
  readonly details: Counts;
}

/** Triggers `runs` runs at once and counts until everything has come to rest. Throws when a run did not succeed. */
export async function countUsage(system: AirflareSystem, shape: Shape, runs: number): Promise<CountedWorkload> {
  for (let run = 0; run < WARM_UP_RUNS; run++) await triggerAndRest(system, shape, 1);
  await system.client.call("POST", "/api/bench/counts");
  const ids = await triggerAndRest(system, shape, runs);
  const counts = await countsOf(system);
  const seconds = await secondsOfRuns(system, shape, ids);
  const tasks = tasksOf(shape) * runs;
  const details = Object.fromEntries(Object.entries(counts).map(([name, value]) => [name, value / tasks]));
  return { usage: usageOf(details, seconds / tasks), details };
}

async function triggerAndRest(system: AirflareSystem, shape: Shape, runs: number): Promise<readonly string[]> {
  const ids = await Promise.all(Array.from({ length: runs }, () => system.trigger(shape)));
  let before = "";
  for (let quiet = 0; quiet < QUIET_MS; quiet += LOOK_MS) {
    await sleep(LOOK_MS);
    const now = JSON.stringify(await countsOf(system));
    if (now !== before) quiet = 0;
    before = now;
  }
  return ids;
}

async function countsOf(system: AirflareSystem): Promise<Counts> {
  return (await system.client.call("GET", "/api/bench/counts")).body as Counts;
}

/** Time from start to end of all runs together: as long is an object in use. */
async function secondsOfRuns(system: AirflareSystem, shape: Shape, ids: readonly string[]): Promise<number> {
  let seconds = 0;
  for (const id of ids) {
    const path = `/api/v2/dags/${shape.kind}_${shape.size}/dagRuns/${encodeURIComponent(id)}`;
    const { body } = await system.client.call("GET", path);
    if (body["state"] !== "success") throw new Error(`counted run ${id} is ${String(body["state"])}`);
    seconds += (Date.parse(String(body["end_date"])) - Date.parse(String(body["start_date"]))) / 1_000;
  }
  return seconds;
}

function usageOf(details: Counts, objectSeconds: number): TaskUsage {
  const sum = (prefix: string): number =>
    Object.entries(details).reduce((total, [name, value]) => total + (name.startsWith(prefix) ? value : 0), 0);
  return {
    workerRequests: sum("invocations "),
    objectCalls: sum("object "),
    alarms: sum("alarm "),
    objectSeconds,
    // Setting an alarm is a row written, too.
    objectRowsWritten:
      sum("rows DagRunObject") +
      sum("rows DagObject") +
      sum("rows SlotObject") +
      sum("rows AssetObject") +
      sum("setAlarm "),
    objectRowsRead: sum("rows read "),
    d1Statements: sum("d1 statements"),
    d1RowsWritten: sum("d1 rows written"),
    d1RowsRead: sum("d1 rows read"),
    queueMessages: sum("queue messages"),
    r2ClassA: sum("r2 class A"),
    r2ClassB: sum("r2 class B"),
  };
}
