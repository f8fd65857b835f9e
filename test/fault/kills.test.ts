/**
 * @module Ten kills of everything at random moments while 2,000 tasks run, against a ledger outside: nothing is lost, nothing counts twice, all ends by itself.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { Rng } from "../sim/rng.ts";
import { type Api, LocalStart, logIn, scratchFolder } from "../start/local-start.ts";
import { instanceOf, Ledger } from "./ledger.ts";
import { exists, taskInstances } from "./local-runs.ts";
import { readHistory } from "./stored-history.ts";

const KILLS = 10;
const RUNS = 100;
const TASKS = 20;
const DAG_IDS = ["ledgered_chain", "ledgered_fan_out", "ledgered_retries", "ledgered_mapped"];
/** A fifth of the usual leases, so that ten recoveries take two minutes. */
const LEASE_SCALE = "0.2";
/** Of a running attempt. */
const LEASE_MS = 6_000;
const RECOVERED_WITHIN_MS = LEASE_MS + 15_000;

interface Run {
  readonly dagId: string;
  readonly runId: string;
  accepted: boolean;
}

interface Kill {
  readonly at: number;
  /** Attempts that had started and not ended. */
  readonly open: readonly string[];
}

const cleanUp: (() => unknown)[] = [];

afterAll(async () => {
  for (const undo of cleanUp.toReversed()) await undo();
});

test("ten kills of everything while 2,000 tasks run: each ends by itself with one success, none is lost", async () => {
  const seed = Number(process.env["AIRFLARE_FAULT_SEED"] ?? Date.now() % 1_000_000);
  console.log(`kills at random: AIRFLARE_FAULT_SEED=${seed}`);
  const rng = new Rng(seed);
  const folder = await scratchFolder();
  const ledger = await Ledger.listen();
  cleanUp.push(
    () => fs.rm(folder, { recursive: true, force: true }),
    () => ledger.close(),
  );
  const stateFolder = path.join(folder, "state");
  const start = async (): Promise<{ local: LocalStart; api: Api }> => {
    const local = new LocalStart({
      AIRFLARE_STATE: stateFolder,
      AIRFLARE_DAGS: path.join(import.meta.dirname, "dags"),
      AIRFLARE_LEASE_SCALE: LEASE_SCALE,
    });
    cleanUp.push(() => local.stop());
    return { local, api: await logIn(await local.ready()) };
  };

  const runs = Array.from({ length: RUNS }, (_, index): Run => {
    const dagId = DAG_IDS[index % DAG_IDS.length] ?? "";
    return { dagId, runId: `run_${index}`, accepted: false };
  });
  const kills: Kill[] = [];
  let { local, api } = await start();
  for (let kill = 1; kill <= KILLS; kill++) {
    // The runs whose trigger got no answer before the last kill are asked for again, under the same id.
    const wave = kill < KILLS ? runs.slice(0, Math.ceil((RUNS * kill) / (KILLS - 1))) : runs;
    const triggering = Promise.all(
      wave
        .filter(({ accepted }) => !accepted)
        .map(async (run) => {
          run.accepted = await exists(api, run.dagId, run.runId, { ledger: ledger.url });
        }),
    );
    if (kill === KILLS) await triggering;
    await sleep(rng.between(500, 9_000));
    await local.killTree();
    kills.push({ at: Date.now(), open: openAttempts(ledger) });
    await triggering;
    if (kill === KILLS) expect(runs.filter(({ accepted }) => !accepted)).toEqual([]);
    ({ local, api } = await start());
  }

  // From here on nobody talks to it. The ledger tells when the last task is through.
  await expect.poll(() => ledger.ended().size, { timeout: 150_000, interval: 500 }).toBe(RUNS * TASKS);
  await sleep(3_000);
  const firstReadAt = Date.now();
  for (const { dagId, runId } of runs) {
    const { body } = await api("GET", `/api/v2/dags/${dagId}/dagRuns/${runId}`);
    expect(body).toMatchObject({ dag_run_id: runId, state: "success" });
    expect(Date.parse(String(body["end_date"]))).toBeLessThan(firstReadAt);
    const instances = await taskInstances(api, dagId, runId);
    expect(instances).toHaveLength(TASKS);
    const tries = dagId === "ledgered_retries" ? 2 : 1;
    for (const instance of instances) expect(instance).toMatchObject({ state: "success", try_number: tries });
  }
  await local.stop();
  await checkHistory(stateFolder);

  const starts = ledger.starts();
  for (const [attempt, times] of starts)
    expect({ attempt, times, most: times <= 1 + KILLS }).toMatchObject({ most: true });
  const recoveries = recoveryTimes(kills, ledger);
  console.log(report(kills, recoveries, starts));
  // Somebody must have been hit, or the test shows nothing.
  expect(recoveries.length).toBeGreaterThan(KILLS);
  expect(Math.max(...recoveries)).toBeLessThan(RECOVERED_WITHIN_MS);
});

/** Attempts whose last entry is a start. Of a try that fails by design there is no end, so those of a first try do not count. */
function openAttempts(ledger: Ledger): string[] {
  const last = new Map<string, string>();
  for (const { what, attempt } of ledger.entries)
    if (!attempt.startsWith("ledgered_retries/") || attempt.endsWith("/2")) last.set(attempt, what);
  return [...last].filter(([, what]) => what === "start").map(([attempt]) => attempt);
}

/** For each attempt under way at a kill: from the kill, restart included, until its code started again. One that the next kill came before counts there. */
function recoveryTimes(kills: readonly Kill[], ledger: Ledger): number[] {
  const starts = Map.groupBy(
    ledger.entries.filter(({ what }) => what === "start"),
    ({ attempt }) => attempt,
  );
  return kills.flatMap(({ at, open }, index) => {
    const until = kills[index + 1]?.at ?? Number.POSITIVE_INFINITY;
    return open.flatMap((attempt) => {
      const again = starts.get(attempt)?.find((entry) => entry.at > at)?.at;
      if (again !== undefined && again < until) return [again - at];
      return until - at > RECOVERED_WITHIN_MS ? [Number.POSITIVE_INFINITY] : [];
    });
  });
}

/** The history has what the objects answered: every task once, with its success, and of tries that failed only the planned ones. */
async function checkHistory(stateFolder: string): Promise<void> {
  const instances = await readHistory(
    stateFolder,
    "SELECT state, try_number AS tries, count(*) AS n FROM task_instance GROUP BY state, try_number ORDER BY tries",
  );
  expect(instances).toEqual([
    { state: "success", tries: 1, n: (RUNS * TASKS * 3) / 4 },
    { state: "success", tries: 2, n: (RUNS * TASKS) / 4 },
  ]);
  const tries = await readHistory(
    stateFolder,
    "SELECT state, try_number AS try, count(*) AS n FROM task_instance_try GROUP BY state, try_number",
  );
  expect(tries).toEqual([{ state: "failed", try: 1, n: (RUNS * TASKS) / 4 }]);
  const states = await readHistory(stateFolder, "SELECT state, count(*) AS n FROM dag_run GROUP BY state");
  expect(states).toEqual([{ state: "success", n: RUNS }]);
}

function report(kills: readonly Kill[], recoveries: readonly number[], starts: ReadonlyMap<string, number>): string {
  const again = [...starts.values()].filter((times) => times > 1);
  const hit = kills.map(({ open }) => open.length).join(", ");
  const sorted = recoveries.toSorted((a, b) => a - b);
  return [
    `under way at each kill: ${hit}`,
    `started again after the kill, s: median ${seconds(sorted[sorted.length >> 1])}, last ${seconds(sorted.at(-1))} (lease ${LEASE_MS / 1_000})`,
    `attempts started more than once: ${again.length} of ${starts.size}, at most ${Math.max(1, ...again)} times`,
    `task instances: ${new Set([...starts.keys()].map(instanceOf)).size}`,
  ].join("\n");
}

function seconds(ms: number | undefined): string {
  return ((ms ?? 0) / 1_000).toFixed(1);
}
