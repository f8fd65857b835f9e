/**
 * @module A `trace` message: reads an ended run from the history and sends its spans. What fails here is between the queue and the collector: the run is over.
 */
import type { Env } from "../env.ts";
import { MESSAGE_VERSION } from "../../model/task-message.ts";
import type { TaskMessage } from "../../model/task-message.ts";
import type { MirrorRow } from "../history/mirror-rows.ts";
import { withHistory } from "../history/history-error.ts";
import { hasCollector, otlpResource, postOtlp } from "./otlp.ts";
import { spansOf } from "./run-trace.ts";
import type { TracedRun, TracedTry } from "./run-trace.ts";

export type TraceMessage = Extract<TaskMessage, { kind: "trace" }>;

/** Spans of one trace: the earliest tries of a larger run. */
const SPANS_MAX = 5_000;
/** Spans of one POST: about 1 MB. */
const SPANS_PER_POST = 1_000;
/** Messages of one `sendBatch` call; one write of a DAG's object ends more runs than that only when the history comes back after long. */
const MESSAGES_MAX = 100;
/** A run that was written again later, as for a note, has been traced. */
const FRESH_MS = 300_000;

/** The messages that rows of the history order, once they are written: one for each run that has just ended. None without a collector. */
export function traceMessages(env: Env, runs: readonly MirrorRow[], now: number): readonly TraceMessage[] {
  if (!hasCollector(env)) return [];
  const messages = runs.flatMap(
    ({ dag_id: dagId, run_id: runId, incarnation, state, started_at: startedAt, ended_at: endedAt }) => {
      if (typeof dagId !== "string" || typeof runId !== "string" || typeof incarnation !== "string") return [];
      if (state !== "success" && state !== "failed") return [];
      if (typeof startedAt !== "number" || typeof endedAt !== "number" || endedAt < now - FRESH_MS) return [];
      const key = `trace:${incarnation}:${endedAt}`;
      return [{ v: MESSAGE_VERSION, kind: "trace", key, dagId, runId, incarnation } as const];
    },
  );
  return messages.slice(0, MESSAGES_MAX);
}

/** Throws when the history or the collector does not answer: the message comes back, until the queue gives it up. */
export async function sendTrace({ dagId, runId, incarnation }: TraceMessage, env: Env): Promise<void> {
  if (!hasCollector(env)) return;
  const read = await withHistory(() => readRun(env.DB, dagId, runId, incarnation));
  if (read === null) return;
  const spans = spansOf(read.run, read.tries);
  for (let start = 0; start < spans.length; start += SPANS_PER_POST) {
    const scopeSpans = [{ scope: { name: "airflare" }, spans: spans.slice(start, start + SPANS_PER_POST) }];
    // One after another: the run's span goes first.
    // oxlint-disable-next-line no-await-in-loop
    await postOtlp(env, "traces", { resourceSpans: [{ resource: otlpResource(env), scopeSpans }] });
  }
}

/** The run and what ran since it was started last; null when it is gone, or runs again. */
async function readRun(
  db: D1Database,
  dagId: string,
  runId: string,
  incarnation: string,
): Promise<{ readonly run: TracedRun; readonly tries: readonly TracedTry[] } | null> {
  const run = await db
    .prepare("SELECT * FROM dag_run WHERE dag_id = ? AND run_id = ? AND incarnation = ? AND ended_at IS NOT NULL")
    .bind(dagId, runId, incarnation)
    .first<TracedRun>();
  if (run === null) return null;
  const columns = "task_id, map_index, try_number, state, queued_at, started_at, ended_at";
  const where = "dag_id = ?1 AND run_id = ?2 AND incarnation = ?3 AND started_at >= ?4 AND ended_at IS NOT NULL";
  const { results } = await db
    .prepare(
      `SELECT ${columns}, operator_name, NULL AS error FROM task_instance WHERE ${where} AND state IN ('success', 'failed', 'skipped')
      UNION ALL SELECT ${columns}, NULL, error FROM task_instance_try WHERE ${where} ORDER BY started_at LIMIT ${SPANS_MAX}`,
    )
    .bind(dagId, runId, incarnation, run.started_at)
    .all<TracedTry>();
  return { run, tries: results };
}
