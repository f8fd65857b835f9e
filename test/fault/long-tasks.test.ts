/**
 * @module Tasks that take long, on a real local start: they go on side by side, and one that outlives the triggering request is not cut off.
 */
import fs from "node:fs/promises";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, expect, test } from "vitest";
import { LocalStart, logIn, scratchFolder, type Api } from "../start/local-start.ts";
import { endOf, taskInstances, trigger } from "./local-runs.ts";

let folder: string;
let local: LocalStart;
let api: Api;

beforeAll(async () => {
  folder = await scratchFolder();
  const AIRFLARE_DAGS = path.join(import.meta.dirname, "dags");
  local = new LocalStart({ AIRFLARE_STATE: path.join(folder, "state"), AIRFLARE_DAGS });
  api = await logIn(await local.ready());
});

afterAll(async () => {
  await local.stop();
  await fs.rm(folder, { recursive: true, force: true });
});

test("twenty tasks of ten seconds from different runs go on side by side", async () => {
  const runIds = await Promise.all(
    Array.from({ length: 20 }, async (_, index) => {
      // Not in one burst: later messages must not wait for the batch before.
      await sleep(index * 100);
      return trigger(api, "ten_seconds", `run_${index}`);
    }),
  );
  for (const runId of runIds) expect(await endOf(api, "ten_seconds", runId)).toBe("success");
  const instances = (await Promise.all(runIds.map((runId) => taskInstances(api, "ten_seconds", runId)))).flat();
  const lastStart = Math.max(...instances.map((instance) => Date.parse(instance.start_date)));
  const firstEnd = Math.min(...instances.map((instance) => Date.parse(instance.end_date)));
  expect(lastStart).toBeLessThan(firstEnd);
});

test("a task of a minute with no retries, triggered over HTTP, succeeds at its first try", async () => {
  const runId = await trigger(api, "one_minute", "run_1");
  await sleep(45_000);
  expect(await endOf(api, "one_minute", runId)).toBe("success");
  expect(await taskInstances(api, "one_minute", runId)).toMatchObject([{ state: "success", try_number: 1 }]);
});
