/**
 * @module Triggers runs on a local start and reads what became of them.
 */
import { until, type Api } from "../start/local-start.ts";

export interface TaskInstanceRow {
  readonly task_id: string;
  readonly state: string;
  readonly try_number: number;
  readonly start_date: string;
  readonly end_date: string;
}

/** Triggers a run with this id; fails unless it is accepted. */
export async function trigger(api: Api, dagId: string, runId: string, conf: object = {}): Promise<string> {
  const answer = await api("POST", `/api/v2/dags/${dagId}/dagRuns`, { dag_run_id: runId, logical_date: null, conf });
  if (answer.status !== 200)
    throw new Error(`run ${runId} of ${dagId}: ${answer.status} ${JSON.stringify(answer.body)}`);
  return runId;
}

/** Triggers the run; true when it exists. An answer that a restart cuts off says nothing: ask again with the same id. */
export async function exists(api: Api, dagId: string, runId: string, conf: object): Promise<boolean> {
  try {
    await trigger(api, dagId, runId, conf);
    return true;
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    if (/: 409 /.test(error.message)) return true;
    if (/fetch failed|terminated|aborted|other side closed/.test(error.message)) return false;
    throw error;
  }
}

export async function taskInstances(api: Api, dagId: string, runId: string): Promise<readonly TaskInstanceRow[]> {
  const { body } = await api("GET", `/api/v2/dags/${dagId}/dagRuns/${runId}/taskInstances?limit=100`);
  return body["task_instances"] as TaskInstanceRow[];
}

/** The run's final state. */
export async function endOf(api: Api, dagId: string, runId: string): Promise<string> {
  return until(
    async () => {
      const { body } = await api("GET", `/api/v2/dags/${dagId}/dagRuns/${runId}`);
      const { state } = body;
      return state === "success" || state === "failed" ? state : null;
    },
    () => `the end of run ${runId} of ${dagId}`,
  );
}
