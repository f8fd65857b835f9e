/**
 * @module Kills the whole local process tree while 200 tasks run. After the restart every run must end by itself: no API call, no try burnt.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { LocalStart, logIn, scratchFolder, until, type Api } from "../start/local-start.ts";

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
    Array.from({ length: RUNS }, async (_, index) => {
      const body = { dag_run_id: `run_${index}`, logical_date: null };
      const answer = await api("POST", "/api/v2/dags/long_tasks/dagRuns", body);
      expect(answer.status).toBe(200);
      return String(answer.body["dag_run_id"]);
    }),
  );
  const statesOf = async (ask: Api, runId: string) => {
    const { body } = await ask("GET", `/api/v2/dags/long_tasks/dagRuns/${runId}/taskInstances?limit=100`);
    return body["task_instances"] as { state: string; try_number: number }[];
  };
  await until(
    async () => {
      const all = await Promise.all(runIds.map((runId) => statesOf(api, runId)));
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
    const instances = await statesOf(again, runId);
    expect(instances).toHaveLength(TASKS);
    for (const instance of instances) expect(instance).toMatchObject({ state: "success", try_number: 1 });
  }
});
