/**
 * @module Clearing a whole run, and waiting for one.
 */
import { READ_PAGE_SIZE } from "../all-pages.ts";
import { DAGRunClearBody, dagRunResponse } from "../schemas/dag-runs.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import { RETURN_KEY } from "../../model/xcom.ts";
import { numberIn } from "../schemas/wire-value.ts";
import { pathParam, requireRun, requireRunAround, runNotFound } from "../run-access.ts";
import { readBody, readQuery } from "../validation.ts";
import { syncRunSpec } from "../sync-run-spec.ts";
import { taskInstanceResponse } from "../schemas/task-instances.ts";
import { returnedValue } from "../xcom-value.ts";
import * as z from "zod/mini";
import type { ApiApp, ApiPorts } from "../ports.ts";
import type { ApiContext } from "../run-access.ts";
import type { DagRunApi } from "../../model/protocol.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { RunSurroundings } from "../spec-cache.ts";

const waitQuery = z.object({
  interval: z.pipe(numberIn, z.number().check(z.gt(0))),
  result: z.optional(z.array(z.string())),
});

/** The longest one call to the run's object stays open. */
const WAIT_CALL_MS_MAX = 25_000;
/** Shorter intervals would only keep the run's object busy: its end is told at once anyway. */
const INTERVAL_MS_MIN = 100;

export function dagRunClearRoutes(app: ApiApp): void {
  app.post("/api/v2/dags/:dag_id/dagRuns/:dag_run_id/clear", clearRun);
  app.get("/api/v2/dags/:dag_id/dagRuns/:dag_run_id/wait", waitForRun);
}

async function clearRun(c: ApiContext): Promise<Response> {
  const body = await readBody(c, DAGRunClearBody);
  if (body.only_new) return await clearNew(c, body.dry_run, body.note ?? null);
  // A dry run answers for the version that the run has.
  if (body.run_on_latest_version === true && !body.dry_run) await syncRunSpec(c, (await requireRun(c)).run);
  const { run, around } = await requireRunAround(c);
  const select = (around.spec?.tasks ?? []).map(({ taskId }) => ({ taskId }));
  const options = {
    select,
    includeUpstream: false,
    includeDownstream: false,
    onlyFailed: body.only_failed,
    onlyRunning: false,
    resetDagRun: true,
    note: body.note ?? null,
  };
  const command = { kind: "clear", options, dryRun: body.dry_run } as const;
  const answer = await run.command({ callId: c.var.ports.randomId(), command });
  if (!body.dry_run) return c.json(clearedResponse(answer.head, around));
  const instances = answer.touched.map((view) => taskInstanceResponse(view, around));
  return c.json({ task_instances: instances, total_entries: instances.length });
}

/** A clear queues the run. That ours started in the same turn is for the next read to say; clients know the answer as `queued`. */
function clearedResponse(head: DagRunHead, around: RunSurroundings): ReturnType<typeof dagRunResponse> {
  const cleared = { ...head, state: head.state === "running" ? "queued" : head.state } as const;
  return dagRunResponse(cleared, around.displayName, around.version);
}

/**
 * `only_new`: the run takes over the deployed version, and of an ended run those tasks run that it has never had. Repeated after a failure it finds them again.
 */
async function clearNew(c: ApiContext, dryRun: boolean, note: string | null): Promise<Response> {
  const { run, head, around } = await requireRunAround(c);
  if (dryRun) {
    const { tasks } = await c.var.ports.loadSpec(head.dagId);
    const known = new Set(around.spec?.tasks.map(({ taskId }) => taskId));
    const instances = tasks
      .filter(({ taskId }) => !known.has(taskId))
      .map(({ taskId, displayName }) => ({ task_id: taskId, task_display_name: displayName ?? taskId }));
    return c.json({ task_instances: instances, total_entries: instances.length });
  }
  let cleared = await syncRunSpec(c, run);
  if (FINISHED_RUN_STATES.has(cleared.state)) {
    const { views } = await run.readTaskInstances({ states: ["none"], offset: 0, limit: READ_PAGE_SIZE });
    const select = views.map(({ taskId }) => ({ taskId }));
    const options = {
      select,
      includeUpstream: false,
      includeDownstream: false,
      onlyFailed: false,
      onlyRunning: false,
      resetDagRun: true,
      note,
    };
    const command = { kind: "clear", options, dryRun: false } as const;
    // An empty selection means everything that failed.
    if (select.length > 0) cleared = (await run.command({ callId: c.var.ports.randomId(), command })).head;
  }
  return c.json(clearedResponse(cleared, await c.var.specs.around(c.var.ports, run, cleared)));
}

/** One line of JSON per interval until the run has ended; the last line brings the asked results. */
async function waitForRun(c: ApiContext): Promise<Response> {
  const { interval, result } = readQuery(c, waitQuery);
  const { run, head } = await requireRun(c);
  const lines = stateLines(c.var.ports, run, head, interval * 1000, result ?? []);
  const encoder = new TextEncoder();
  const body = new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await lines.next();
        if (done) controller.close();
        else controller.enqueue(encoder.encode(`${JSON.stringify(value)}\n`));
      } catch (error) {
        console.error(`wait for ${pathParam(c, "dag_id")}/${pathParam(c, "dag_run_id")} broke off`, error);
        controller.error(error);
      }
    },
    async cancel() {
      await lines.return(undefined);
    },
  });
  return new Response(body, { headers: { "content-type": "application/x-ndjson" } });
}

async function* stateLines(
  ports: ApiPorts,
  run: DagRunApi,
  first: DagRunHead,
  intervalMs: number,
  results: readonly string[],
) {
  let head: DagRunHead = first;
  while (!FINISHED_RUN_STATES.has(head.state)) {
    yield { state: head.state };
    const next = await waitInterval(run, Math.max(intervalMs, INTERVAL_MS_MIN));
    if (next === null) throw runNotFound(first.dagId, first.runId);
    head = next;
  }
  // Its rows are in the history now, so that a list right behind this answer finds it as ended.
  await run.wait(WAIT_CALL_MS_MAX);
  if (results.length === 0) {
    yield { state: head.state };
    return;
  }
  const values = await Promise.all(
    results.map(async (taskId) => [taskId, await returnedValue(ports, run, taskId, RETURN_KEY)]),
  );
  yield { state: head.state, results: Object.fromEntries(values) };
}

/** The run's head after an interval, or earlier when the run ends; null when it was deleted meanwhile. */
async function waitInterval(run: DagRunApi, intervalMs: number): Promise<DagRunHead | null> {
  let head: DagRunHead | null = null;
  for (let left = intervalMs; left > 0; left -= WAIT_CALL_MS_MAX) {
    head = await run.wait(Math.min(left, WAIT_CALL_MS_MAX));
    if (head === null || FINISHED_RUN_STATES.has(head.state)) return head;
  }
  return head;
}
