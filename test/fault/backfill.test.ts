/**
 * @module A backfill of 1,000 runs, everything killed three times meanwhile: it ends complete by itself, and no slot has two runs.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { afterAll, expect, test } from "vitest";
import { type Api, LocalStart, logIn, scratchFolder } from "../start/local-start.ts";
import { readHistory } from "./stored-history.ts";

const RUNS = 1_000;
const HOUR_MS = 3_600_000;
const FROM = Date.parse("2026-01-01T00:00:00Z");
/** Everything is killed when so many runs have ended. */
const KILLED_AT = [100, 400, 700];

/** Between two kills, on a busy machine. */
const PATIENCE = { timeout: 120_000, interval: 50 };

const cleanUp: (() => unknown)[] = [];

afterAll(async () => {
  for (const undo of cleanUp.toReversed()) await undo();
});

test("a backfill of 1,000 runs whose machine dies three times ends complete, each slot with one run", async () => {
  const folder = await scratchFolder();
  cleanUp.push(() => fs.rm(folder, { recursive: true, force: true }));
  const stateFolder = path.join(folder, "state");
  const start = async (): Promise<{ local: LocalStart; api: Api }> => {
    const local = new LocalStart({
      AIRFLARE_STATE: stateFolder,
      AIRFLARE_DAGS: path.join(import.meta.dirname, "dags"),
      // A fifth of the usual leases: attempts that a kill took are run again soon.
      AIRFLARE_LEASE_SCALE: "0.2",
    });
    cleanUp.push(() => local.stop());
    return { local, api: await logIn(await local.ready()) };
  };

  let { local, api } = await start();
  const made = await api("POST", "/api/v2/backfills", {
    dag_id: "backfilled",
    from_date: new Date(FROM).toISOString(),
    to_date: new Date(FROM + (RUNS - 1) * HOUR_MS).toISOString(),
    max_active_runs: 50,
  });
  expect(made.status).toBe(200);
  const id = Number(made.body["id"]);
  const progress = async () => (await api("GET", `/api/airflare/v1/backfills/${id}/progress`)).body;
  const untilSuccess = (wanted: number) =>
    expect.poll(async () => Number((await progress())["success"]), PATIENCE).toBeGreaterThanOrEqual(wanted);
  for (const ended of KILLED_AT) {
    await untilSuccess(ended);
    const { left } = await progress();
    expect(left).toBeGreaterThan(0);
    await local.killTree();
    ({ local, api } = await start());
  }
  await untilSuccess(RUNS);
  await expect
    .poll(async () => (await api("GET", `/api/v2/backfills/${id}`)).body["completed_at"], PATIENCE)
    .not.toBeNull();
  expect(await progress()).toMatchObject({ total: RUNS, left: 0, skipped: 0, queued: 0, running: 0, failed: 0 });
  await local.stop();

  const runs = await readHistory(
    stateFolder,
    "SELECT state, count(*) AS n, count(DISTINCT logical_date) AS slots, min(logical_date) AS first, max(logical_date) AS last FROM dag_run GROUP BY state",
  );
  expect(runs).toEqual([{ state: "success", n: RUNS, slots: RUNS, first: FROM, last: FROM + (RUNS - 1) * HOUR_MS }]);
});
