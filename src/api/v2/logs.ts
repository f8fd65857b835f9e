/**
 * @module Logs of one try: JSON pages with a continuation token, or all lines as newline-delimited JSON.
 */
import { HttpDetailError } from "../errors.ts";
import { booleanIn, intIn } from "../schemas/wire-value.ts";
import { findTaskInstance, pathParam, requireRun } from "../run-access.ts";
import { readQuery } from "../validation.ts";
import * as z from "zod/mini";
import type { ApiApp } from "../ports.ts";
import type { ApiContext } from "../run-access.ts";
import type { DagRunApi } from "../../model/protocol.ts";

const logQuery = z.object({
  full_content: z.optional(booleanIn),
  map_index: z.optional(intIn),
  token: z.optional(z.string()),
});

/** Lines of one JSON answer unless all are asked for. */
const PAGE_LINES = 1_000;
/** Pages of one answer; an attempt's log is cut at 10 MB long before. */
const PAGES_MAX = 1_000;

interface Try {
  readonly run: DagRunApi;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly tryNumber: number;
}

export function logRoutes(app: ApiApp): void {
  app.get("/api/v2/dags/:dag_id/dagRuns/:dag_run_id/taskInstances/:task_id/logs/:try_number", getLog);
}

async function getLog(c: ApiContext): Promise<Response> {
  const query = readQuery(c, logQuery);
  const start = query.token === undefined ? 0 : offsetOf(query.token);
  const attempt = await requireTry(c, query.map_index ?? -1);
  if ((c.req.header("accept") ?? "").includes("application/x-ndjson")) {
    return new Response(ndjson(attempt, start), { headers: { "content-type": "application/x-ndjson" } });
  }
  const content: unknown[] = [];
  let next: number | null = start;
  for await (const page of pages(attempt, start)) {
    content.push(...page.lines.map(parseLine));
    ({ next } = page);
    if (query.full_content !== true) break;
  }
  return c.json({ content, continuation_token: next === null ? null : tokenOf(next) });
}

async function requireTry(c: ApiContext, mapIndex: number): Promise<Try> {
  const { run } = await requireRun(c);
  const [taskId, text] = [pathParam(c, "task_id"), pathParam(c, "try_number")];
  const view = /^\d{1,6}$/.test(text) ? await findTaskInstance(run, taskId, mapIndex) : null;
  if (view === null || Number(text) > view.tryNumber) throw new HttpDetailError(404, "TaskInstance not found");
  return { run, taskId, mapIndex, tryNumber: Number(text) };
}

interface LogPage {
  readonly lines: readonly string[];
  readonly next: number | null;
}

async function* pages({ run, taskId, mapIndex, tryNumber }: Try, start: number): AsyncGenerator<LogPage> {
  let offset = start;
  for (let page = 0; page < PAGES_MAX; page++) {
    // Each page says where the next one starts.
    const read = await run.readLog(taskId, mapIndex, tryNumber, offset, PAGE_LINES);
    yield { lines: read.lines.split("\n").filter((line) => line !== ""), next: read.next };
    if (read.next === null) return;
    offset = read.next;
  }
}

function ndjson(attempt: Try, start: number): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  const source = pages(attempt, start);
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      const { done, value } = await source.next();
      if (done) controller.close();
      else controller.enqueue(encoder.encode(value.lines.map((line) => `${line}\n`).join("")));
    },
    async cancel() {
      await source.return(undefined);
    },
  });
}

/** A line that is not JSON (cut off by a crash) is shown as it is. */
function parseLine(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return { event: line };
  }
}

function tokenOf(offset: number): string {
  return btoa(JSON.stringify({ offset })).replaceAll("=", "");
}

function offsetOf(token: string): number {
  try {
    const { offset }: { offset?: unknown } = JSON.parse(atob(token));
    if (typeof offset === "number" && Number.isSafeInteger(offset) && offset >= 0) return offset;
  } catch {
    // Not ours: answered below.
  }
  throw new HttpDetailError(400, "Bad Signature. Please use only the tokens provided by the API.");
}
