/**
 * @module What the tests of the suite share: the place of a part, and a run of an example from trigger to end.
 */
import { expect, inject } from "vitest";
import { type Api, logIn, until } from "../start/local-start.ts";
import type { PartName } from "./setup.ts";

/** Where a part is. Throws why it is not there. */
export function partAt(name: PartName): Readonly<Record<string, string>> {
  const state = inject("parts")[name];
  if (state.problem !== null) throw new Error(`The part ${name} cannot be had: ${state.problem}`);
  return state.place;
}

export async function client(): Promise<Api> {
  return logIn(inject("airflare"));
}

export interface EndedRun {
  readonly runId: string;
  readonly state: unknown;
  /** The return value of a task, as the API shows it. */
  result(taskId: string): Promise<unknown>;
  /** The log of a task's first try. */
  log(taskId: string): Promise<string>;
}

/** Unpauses the example, triggers it, and waits for its end. */
export async function ranExample(
  api: Api,
  dagId: string,
  conf: object = {},
  logicalDate = "2026-01-02T00:00:00Z",
): Promise<EndedRun> {
  await api("PATCH", `/api/v2/dags/${dagId}`, { is_paused: false });
  const created = await api("POST", `/api/v2/dags/${dagId}/dagRuns`, { logical_date: logicalDate, conf });
  expect(created.status, JSON.stringify(created.body)).toBe(200);
  const runId = String(created.body["dag_run_id"]);
  const run = `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`;
  const state = await until(
    async () => {
      const { body } = await api("GET", run);
      return body["state"] === "success" || body["state"] === "failed" ? body["state"] : null;
    },
    () => `the end of run ${runId} of ${dagId}`,
  );
  return {
    runId,
    state,
    result: async (taskId) =>
      (await api("GET", `${run}/taskInstances/${taskId}/xcomEntries/return_value`)).body["value"],
    log: async (taskId) => JSON.stringify((await api("GET", `${run}/taskInstances/${taskId}/logs/1`)).body),
  };
}
