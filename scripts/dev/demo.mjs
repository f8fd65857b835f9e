/**
 * @module The first start runs one DAG over the REST API and shows what it did and where its traces are: run object, queue, D1, R2.
 */
import fs from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import { logIn } from "./api-client.mjs";

const DAG_ID = "customer_etl_pipeline";
const POLL_MS = 200;
/** The demo's tasks take seconds; a start does not wait for ever for a broken one. */
const PATIENCE_MS = 120_000;
const ENDED = new Set(["success", "failed"]);
const TASK_ENDED = new Set(["success", "failed", "skipped", "upstream_failed", "removed"]);

const print = (line) => process.stdout.write(`${line}\n`);

/** Once per state folder. A folder without the demo DAG has no demo; a demo that fails is shown and does not stop the start. */
export async function showDemo(settings, server) {
  const stamp = path.join(settings.stateFolder, "demo-run.json");
  if (!server.index().dagIds.includes(DAG_ID) || (await exists(stamp))) return;
  try {
    const api = await logIn(settings.url, "admin", settings.secrets.adminPassword);
    const { dag_run_id: runId } = await api("POST", `/api/v2/dags/${DAG_ID}/dagRuns`, { logical_date: null });
    print(`\nfirst start: running ${DAG_ID} (${runId})`);
    const runPath = `/api/v2/dags/${DAG_ID}/dagRuns/${encodeURIComponent(runId)}`;
    const run = await followRun(api, runPath);
    print(`${DAG_ID} ${run.state} in ${seconds(run)}`);
    await showTraces(server.miniflare, runId);
    await fs.writeFile(stamp, `${JSON.stringify({ dag_id: DAG_ID, dag_run_id: runId, state: run.state })}\n`);
  } catch (error) {
    print(`the demo run did not end: ${error instanceof Error ? error.message : String(error)}`);
  }
  print("");
}

/** Prints each task when it has ended; answers the run when it has. */
async function followRun(api, runPath) {
  const shown = new Set();
  const until = Date.now() + PATIENCE_MS;
  for (;;) {
    const run = await api("GET", runPath);
    const { task_instances: instances } = await api("GET", `${runPath}/taskInstances?limit=100`);
    for (const instance of instances) {
      const key = `${instance.task_id}[${instance.map_index}]`;
      if (shown.has(key) || !TASK_ENDED.has(instance.state)) continue;
      shown.add(key);
      await showTask(api, runPath, instance);
    }
    if (ENDED.has(run.state)) return run;
    if (Date.now() > until) throw new Error(`it is still ${run.state} after ${PATIENCE_MS / 1000} s`);
    await sleep(POLL_MS);
  }
}

async function showTask(
  api,
  runPath,
  { task_id: taskId, map_index: mapIndex, state, duration, try_number: tryNumber },
) {
  const name = mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`;
  const query = new URLSearchParams({ map_index: String(mapIndex), stringify: "false" });
  const xcomPath = `${runPath}/taskInstances/${encodeURIComponent(taskId)}/xcomEntries/return_value?${query}`;
  const result = await api("GET", xcomPath).then(
    ({ value }) => shortened(typeof value === "string" ? value : JSON.stringify(value)),
    (error) => (error.status === 404 ? "no result" : error.message),
  );
  print(
    `  ${name.padEnd(28)} ${state.padEnd(8)} ${(duration ?? 0).toFixed(2).padStart(6)} s  try ${tryNumber}  ${result}`,
  );
}

/** What the run left in the local state, read from the bindings themselves. */
async function showTraces(miniflare, runId) {
  const objects = await miniflare.getDurableObjectNamespace("DAG_RUN");
  const id = objects.idFromName(`${DAG_ID}/${runId}`);
  const { usage } = await objects.get(id).readHead();
  print(`  run object      ${id.toString()}`);
  print(
    `  queue messages  ${usage.queueMessages} (${usage.objectCalls} object calls, ${usage.rowsWritten} rows written)`,
  );

  const database = await miniflare.getD1Database("DB");
  const count = async (table) => {
    const sql = `select count(*) as n from ${table} where dag_id = ? and run_id = ?`;
    return (await database.prepare(sql).bind(DAG_ID, runId).first()).n;
  };
  print(`  D1 rows         dag_run ${await count("dag_run")}, task_instance ${await count("task_instance")}`);

  const bucket = await miniflare.getR2Bucket("OBJECTS");
  const { objects: stored } = await bucket.list({ prefix: `xcom/${DAG_ID}/${encodeURIComponent(runId)}/` });
  for (const { key, size } of stored) print(`  large XCom      ${key} (${size} bytes in R2)`);
}

function seconds({ start_date: startDate, end_date: endDate }) {
  return `${((Date.parse(endDate) - Date.parse(startDate)) / 1000).toFixed(2)} s`;
}

function shortened(text) {
  return text.length <= 80 ? text : `${text.slice(0, 77)}... (${text.length} characters)`;
}

async function exists(file) {
  return fs.access(file).then(
    () => true,
    () => false,
  );
}
