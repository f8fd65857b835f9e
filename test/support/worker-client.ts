/**
 * @module A client of the Worker's API inside workerd: every call goes through the whole Worker, as `admin`.
 */
import { createExecutionContext } from "cloudflare:test";
import worker from "../../src/worker.ts";
import { workerEnv } from "./worker-runs.ts";

const env = { ...workerEnv, AIRFLARE_ADMIN_PASSWORD: "pw", AIRFLARE_SECRET_KEY: "key" };
let token: Promise<string> | undefined;

/** The JSON answer, null for an empty one. Throws for any status but 2xx, with the answer's text. */
export async function api<Answer>(
  method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE",
  path: string,
  body?: unknown,
): Promise<Answer> {
  return JSON.parse((await send(method, path, body, await adminToken())) || "null") as Answer;
}

/** The answer's text; a `bearer` of null goes without a token. */
export async function apiText(method: "GET", path: string, bearer?: null): Promise<string> {
  return await send(method, path, undefined, bearer === null ? undefined : await adminToken());
}

function adminToken(): Promise<string> {
  token ??= send("POST", "/auth/token", { username: "admin", password: "pw" })
    .then((text) => JSON.parse(text) as { access_token: string })
    .then(({ access_token }) => access_token);
  return token;
}

/** Triggers a run with this conf and answers its id. */
export async function triggerRun(dagId: string, conf: object = {}, logicalDate: string | null = null): Promise<string> {
  const { dag_run_id } = await api<{ dag_run_id: string }>("POST", `/api/v2/dags/${dagId}/dagRuns`, {
    logical_date: logicalDate,
    conf,
  });
  return dag_run_id;
}

/** The state in which a run ends. */
export async function endOf(dagId: string, runId: string): Promise<string> {
  const lines = await send("GET", `${runPath(dagId, runId)}/wait?interval=1`, undefined, await token);
  const last = JSON.parse(lines.trim().split("\n").at(-1) ?? "{}") as { state: string };
  return last.state;
}

export function runPath(dagId: string, runId: string): string {
  return `/api/v2/dags/${dagId}/dagRuns/${encodeURIComponent(runId)}`;
}

async function send(method: string, path: string, body: unknown, bearer?: string): Promise<string> {
  const request = new Request(`http://airflare.test${path}`, {
    method,
    headers: {
      "content-type": "application/json",
      ...(bearer === undefined ? {} : { authorization: `Bearer ${bearer}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await worker.fetch(request as Parameters<typeof worker.fetch>[0], env, createExecutionContext());
  const text = new TextDecoder().decode(await answer.arrayBuffer());
  if (!answer.ok) throw new Error(`${method} ${path} answered ${answer.status}: ${text}`);
  return text;
}
