/**
 * @module What a DAG's schedule does while a run that it made before is not over.
 */
import { expect, test } from "vitest";
import { DagHostWorld } from "../../../support/dag-host-world.ts";
import { aDagSpec, aTaskSpec } from "../../../support/spec-builders.ts";
import type { DagSpec } from "../../../../src/model/dag-spec.ts";

const HOURLY = { kind: "cron-trigger", crons: ["0 * * * *"], timezone: "UTC" } as const;
const run = (hour: number): string => `scheduled__2026-01-10T${hour}:00:00+00:00`;

function world(over: Partial<DagSpec>): DagHostWorld {
  const startDate = Date.parse("2026-01-10T11:00:00Z");
  return new DagHostWorld(
    aDagSpec({ dagId: "dag", tasks: [aTaskSpec({ taskId: "a" })], schedule: HOURLY, startDate, ...over }),
  );
}

async function alarm(w: DagHostWorld, hour: number): Promise<readonly string[]> {
  w.now = Date.parse(`2026-01-10T${hour}:00:00Z`);
  await w.host.alarm();
  await w.quiet();
  return w.scheduled();
}

test("without a policy a slot waits for room under max_active_runs", async () => {
  const w = world({ maxActiveRuns: 1 });
  await alarm(w, 11);
  expect(await alarm(w, 12)).toEqual([run(11)]);
  await w.push(run(11), "success");
  expect(w.scheduled()).toEqual([run(11), run(12)]);
});

test("skip passes the slot over for good; the next one is made once the run has ended", async () => {
  const w = world({ maxActiveRuns: 1, overlap: "skip" });
  await alarm(w, 11);
  expect(await alarm(w, 12)).toEqual([run(11)]);
  await w.push(run(11), "success");
  expect(w.scheduled()).toEqual([run(11)]);
  expect(w.host.readState()?.nextRunAfter).toBe(Date.parse("2026-01-10T13:00:00Z"));
  expect(await alarm(w, 13)).toEqual([run(11), run(13)]);
});

test("skip looks at the schedule's own runs only", async () => {
  const w = world({ overlap: "skip" });
  await w.trigger({ runId: "by_hand" });
  expect(await alarm(w, 11)).toEqual([run(11)]);
});

test("cancel_running cancels the open run on time, though max_active_runs has no room yet, and the new one starts behind it", async () => {
  const w = world({ maxActiveRuns: 1, overlap: "cancel_running" });
  await alarm(w, 11);
  expect(await alarm(w, 12)).toEqual([run(11), run(12)]);
  expect(w.run(run(11)).commands).toEqual([{ kind: "cancel", by: "schedule" }]);
  expect(w.run(run(12)).head?.state).toBe("queued");
  await w.push(run(11), "failed");
  expect(w.run(run(12)).commands).toEqual([{ kind: "start" }]);
});

test("the alarm of a DAG that skips is set for each slot, though a run is open", async () => {
  const w = world({ maxActiveRuns: 1, overlap: "skip" });
  await alarm(w, 11);
  w.alarms.length = 0;
  await alarm(w, 12);
  expect(w.alarms).toContain(Date.parse("2026-01-10T13:00:00Z"));
});
