/**
 * @module `triggerDag` in the whole Worker: runs of another DAG, waited for and not.
 */
import { expect, test } from "vitest";
import { api, endOf, runPath, triggerRun } from "../support/worker-client.ts";

interface Instances {
  readonly task_instances: readonly { readonly task_id: string; readonly state: string }[];
}

async function ran(dagId: string) {
  const runId = await triggerRun(dagId, {}, "2026-01-02T00:00:00Z");
  const end = await endOf(dagId, runId);
  const { task_instances: instances } = await api<Instances>("GET", `${runPath(dagId, runId)}/taskInstances`);
  const states = Object.fromEntries(instances.map(({ task_id, state }) => [task_id, state]));
  return { runId, end, states };
}

const resultOf = async (dagId: string, runId: string, taskId: string): Promise<unknown> =>
  (await api<{ value: unknown }>("GET", `${runPath(dagId, runId)}/taskInstances/${taskId}/xcomEntries/return_value`))
    .value;
const errorOf = async (dagId: string, runId: string, taskId: string): Promise<string> =>
  JSON.stringify(await api<unknown>("GET", `${runPath(dagId, runId)}/taskInstances/${taskId}/logs/1`));

test("a run is started with the rendered conf, and its id is the result", async () => {
  const { runId, end } = await ran("triggers");
  expect(end).toBe("success");
  const child = String(await resultOf("triggers", runId, "after"));
  expect(await endOf("triggered", child)).toBe("success");
  expect(await resultOf("triggered", child, "work")).toBe("worked on 2026-01-02");
  expect(await api<object>("GET", runPath("triggered", child))).toMatchObject({
    run_type: "manual",
    triggered_by: "operator",
    conf: { day: "2026-01-02" },
  });
});

test("a task that waits ends as the other run ends, right after it", async () => {
  const startedAt = Date.now();
  const { runId, states } = await ran("triggers_and_waits");
  expect(states).toEqual({ kick: "success", after: "success", kick_failing: "failed" });
  const child = String(await resultOf("triggers_and_waits", runId, "kick"));
  expect(await api<object>("GET", runPath("triggered", child))).toMatchObject({
    state: "success",
    logical_date: "2026-01-02T00:00:00Z",
  });
  // Woken by the other DAG, not by its own look every ten minutes.
  expect(Date.now() - startedAt).toBeLessThan(60_000);
});

test("a run with the same id: an error, started anew, or a skip; an unknown DAG and a bad conf are errors", async () => {
  const { runId, states } = await ran("triggers_by_id");
  expect(states).toEqual({
    first: "success",
    again: "failed",
    reset: "success",
    skipped: "skipped",
    unknown: "failed",
    bad_conf: "failed",
  });
  expect(await errorOf("triggers_by_id", runId, "again")).toContain("has a run with this id already: by_id");
  expect(await errorOf("triggers_by_id", runId, "unknown")).toContain("There is no DAG no_such_dag");
  expect(await errorOf("triggers_by_id", runId, "bad_conf")).toContain("fail");
  const { try_number } = await api<{ try_number: number }>(
    "GET",
    `${runPath("triggered", "by_id")}/taskInstances/work`,
  );
  expect(try_number).toBe(2);
});
