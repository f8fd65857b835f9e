/**
 * @module Kills the whole local process tree while 200 tasks run. After the restart every run must end by itself: no API call, no try burnt.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { LocalStart, logIn, scratchFolder, until } from "../start/local-start.ts";
import { taskInstances, trigger } from "./local-runs.ts";

const RUNS = 20;
const TASKS = 10;
/** Lease of a running attempt, one more look of the alarm, and the task itself, with room for a slow machine. */
const RECOVERY_MS = 75_000;

const folders: string[] = [];
const started: LocalStart[] = [];

afterAll(async () => {
  await Promise.all(started.map((local) => local.stop()));
  await Promise.all(folders.map((folder) => fs.rm(folder, { recursive: true, force: true })));
});

test("after kill -9 of everything, 200 running tasks end by themselves and burn no try", async () => {
  const folder = await scratchFolder();
  folders.push(folder);
  const env = { AIRFLARE_STATE: path.join(folder, "state"), AIRFLARE_DAGS: path.join(import.meta.dirname, "dags") };
  const first = new LocalStart(env);
  started.push(first);
  const api = await logIn(await first.ready());
  const runIds = await Promise.all(
    Array.from({ length: RUNS }, (_, index) => trigger(api, "long_tasks", `run_${index}`)),
  );
  await until(
    async () => {
      const all = await Promise.all(runIds.map((runId) => taskInstances(api, "long_tasks", runId)));
      return all.flat().filter((instance) => instance.state === "running").length === RUNS * TASKS;
    },
    () => `200 running tasks:\n${first.output}`,
  );
  await first.killTree();

  const second = new LocalStart(env);
  started.push(second);
  const url = await second.ready();
  // Nobody talks to it: alarms alone must bring the runs to their end.
  await sleep(RECOVERY_MS);
  const again = await logIn(url);
  for (const runId of runIds) {
    const { body: run } = await again("GET", `/api/v2/dags/long_tasks/dagRuns/${runId}`);
    expect(run).toMatchObject({ state: "success" });
    expect(Date.parse(String(run["end_date"]))).toBeLessThan(Date.now() - 1_000);
    const instances = await taskInstances(again, "long_tasks", runId);
    expect(instances).toHaveLength(TASKS);
    for (const instance of instances) expect(instance).toMatchObject({ state: "success", try_number: 1 });
  }
});
