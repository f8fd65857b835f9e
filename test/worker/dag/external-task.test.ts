/**
 * @module Waiting in real workerd: for another DAG, which wakes the waiting task; with an alarm between pokes; deferred. No poke interval of these DAGs comes
 * round within a test: what goes on was woken.
 */
import { evictDurableObject } from "cloudflare:test";
import { beforeEach, expect, test, vi } from "vitest";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { DagRunApi } from "../../../src/model/protocol.ts";
import { api, endOf, triggerRun } from "../../support/worker-client.ts";
import { resultOf, statesOf, workerEnv } from "../../support/worker-runs.ts";
import { broken, held, pokes } from "../dags/waiting.ts";

const PATIENCE = { timeout: 15_000, interval: 25 };
const LONG = { timeout: 40_000 };
const DAY_ONE = "2026-05-01T00:00:00Z";
const DAY_TWO = "2026-05-02T00:00:00Z";

beforeEach(() => {
  held.clear();
  broken.clear();
});

let runs = 0;

/** A run of this logical date, through the API. */
async function trigger(
  dagId: string,
  logicalDate: string,
): Promise<{ readonly run: DagRunApi; readonly runId: string }> {
  const runId = `${dagId}-${++runs}`;
  await api("POST", `/api/v2/dags/${dagId}/dagRuns`, { dag_run_id: runId, logical_date: logicalDate });
  return { run: workerEnv.DAG_RUN.getByName(dagRunObjectName(dagId, runId)), runId };
}

async function untilState(run: DagRunApi, taskId: string, state: string): Promise<void> {
  await vi.waitFor(async () => expect((await statesOf(run))[taskId]).toBe(state), PATIENCE);
}

async function pokesOf(run: DagRunApi): Promise<number | undefined> {
  return (await run.readTaskInstances({ taskIds: ["wait"], offset: 0, limit: 1 })).views[0]?.pokes;
}

test("the example waits for the other DAG's task of the same logical date", LONG, async () => {
  for (const dagId of ["upstream_dag", "external_task_sensor"])
    await api("PATCH", `/api/v2/dags/${dagId}`, { is_paused: false });
  const waiting = await triggerRun("external_task_sensor", {}, "2026-04-01T00:00:00Z");
  const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("external_task_sensor", waiting));
  await untilState(run, "wait_for_upstream", "up_for_reschedule");
  // A run of another date is not the one.
  const other = await triggerRun("upstream_dag", {}, "2026-04-02T00:00:00Z");
  expect(await endOf("upstream_dag", other)).toBe("success");
  expect((await statesOf(run))["wait_for_upstream"]).toBe("up_for_reschedule");
  await triggerRun("upstream_dag", {}, "2026-04-01T00:00:00Z");
  expect(await endOf("external_task_sensor", waiting)).toBe("success");
});

test("a task that is done wakes who waits for it while its own run goes on", LONG, async () => {
  const { run } = await trigger("waits_for_task", DAY_ONE);
  await untilState(run, "wait", "up_for_reschedule");
  held.add("slow/last").add("slow/first");
  await api("POST", "/api/v2/dags/awaited/dagRuns", { dag_run_id: "slow", logical_date: DAY_ONE });
  const awaited = workerEnv.DAG_RUN.getByName(dagRunObjectName("awaited", "slow"));
  await untilState(awaited, "first", "running");
  expect((await statesOf(run))["wait"]).not.toBe("success");
  held.delete("slow/first");
  await untilState(run, "wait", "success");
  expect((await awaited.readHead())?.state).toBe("running");
  // Once at first, once when the run was made, once when the task was done.
  expect(await pokesOf(run)).toBeLessThanOrEqual(3);

  // A group needs all of its tasks; the run object is asked by a second one that waits.
  const group = await trigger("waits_for_group", DAY_ONE);
  const whole = await trigger("waits_for_run", DAY_ONE);
  await untilState(group.run, "wait", "success");
  await untilState(whole.run, "wait", "up_for_reschedule");
  held.delete("slow/last");
  await untilState(whole.run, "wait", "success");
});

test(
  "all dates and all tasks must be done; a failed one is waited for until it is cleared and done",
  LONG,
  async () => {
    const { run } = await trigger("waits_for_two_days", "2026-06-02T00:00:00Z");
    broken.add("june-1/last");
    for (const day of [1, 2])
      await api("POST", "/api/v2/dags/awaited/dagRuns", {
        dag_run_id: `june-${day}`,
        logical_date: `2026-06-0${day}T00:00:00Z`,
      });
    expect(await endOf("awaited", "june-1")).toBe("failed");
    expect(await endOf("awaited", "june-2")).toBe("success");
    await vi.waitFor(async () => expect((await statesOf(run))["wait"]).toBe("up_for_reschedule"), PATIENCE);
    broken.clear();
    await api("POST", "/api/v2/dags/awaited/clearTaskInstances", {
      dry_run: false,
      dag_run_id: "june-1",
      only_failed: true,
    });
    await untilState(run, "wait", "success");
  },
);

test("a state of failedStates fails the sensor as soon as it is reached", LONG, async () => {
  const { run } = await trigger("waits_for_run", "2026-07-01T00:00:00Z");
  await untilState(run, "wait", "up_for_reschedule");
  broken.add("july/first");
  await api("POST", "/api/v2/dags/awaited/dagRuns", { dag_run_id: "july", logical_date: "2026-07-01T00:00:00Z" });
  await untilState(run, "wait", "failed");
  const [view] = (await run.readTaskInstances({ offset: 0, limit: 1 })).views;
  expect(view?.error?.message).toMatch(/^DAG awaited failed/);
});

test("the time-out comes to its time though nobody pokes in between", LONG, async () => {
  const { run } = await trigger("waits_in_time", "2026-08-01T00:00:00Z");
  await untilState(run, "wait", "skipped");
  const { views } = await run.readTaskInstances({ offset: 0, limit: 1 });
  expect(views[0]).toMatchObject({ pokes: 1 });
});

test("a waiting sensor costs one alarm, one message and two calls a poke", LONG, async () => {
  const { run, runId } = await trigger("pokes_thrice", DAY_TWO);
  await vi.waitFor(() => expect(pokes.get(runId)).toBe(1), PATIENCE);
  const before = await run.readHead();
  await vi.waitFor(() => expect(pokes.get(runId)).toBe(4), PATIENCE);
  await run.wait(10_000);
  const after = await run.readHead();
  expect(await resultOf(run, "wait")).toBe(4);
  const used = (what: "alarms" | "queueMessages" | "objectCalls"): number =>
    (after?.usage[what] ?? 0) - (before?.usage[what] ?? 0);
  expect(used("queueMessages")).toBe(3);
  // Of these two are the wait and the read above.
  expect(used("objectCalls")).toBe(3 * 2 + 2);
  // The end may need one more to bring it to the history.
  expect(used("alarms")).toBeLessThanOrEqual(4);
});

test("a deferred task is woken by the other DAG, and goes on in the function it named", LONG, async () => {
  const { run, runId } = await trigger("defers_for_task", "2026-09-01T00:00:00Z");
  await untilState(run, "deferring", "deferred");
  await trigger("awaited", "2026-09-01T00:00:00Z");
  await untilState(run, "deferring", "success");
  expect(await resultOf(run, "deferring")).toEqual({ from: runId, event: { status: "success" } });
});

test("a deferral survives the end of its run's object, as a deploy ends it", LONG, async () => {
  const { run, runId } = await trigger("defers_for_a_while", DAY_ONE);
  await untilState(run, "sleeping", "deferred");
  await evictDurableObject(
    workerEnv.DAG_RUN.getByName(dagRunObjectName("defers_for_a_while", runId)) as unknown as DurableObjectStub,
  );
  await untilState(run, "sleeping", "success");
  expect(await resultOf(run, "sleeping")).toBe(7n);
  const { views } = await run.readTaskInstances({ offset: 0, limit: 1 });
  expect(views[0]).toMatchObject({ tryNumber: 1 });
});
