/**
 * @module Runs that wait for a task of the run before them (`depends_on_past`, `wait_for_downstream`): who waits for whom, and the answer now.
 */
import { judgePastRun } from "../../engine/deps/past-run.ts";
import type { PastAnswer, PastDependency } from "../../engine/deps/past-run.ts";
import type { RunId } from "../../model/ids.ts";
import type { DagRunApi, TaskInstanceView } from "../../model/protocol.ts";
import type { Sql, SqlRow } from "../dag-run/sql.ts";
import { findRun, findRunBefore } from "./run-rows.ts";
import type { RunRow } from "./run-rows.ts";
import { text } from "./storage.ts";

/** One waiting task: `runId` asked under `watchId`. */
export interface Watch extends PastDependency {
  readonly runId: RunId;
  readonly watchId: string;
}

/** Instances of one task read per call; mapped tasks may have more. */
const PAGE = 500;

/**
 * The run that counts as the one before: with catchup the last one that schedule or backfill made, else any. Null: none, which passes.
 * A run without a logical date has no place in the order and waits for nobody.
 */
export function runBefore(sql: Sql, runId: RunId, catchup: boolean): RunRow | null {
  const run = findRun(sql, runId);
  if (run === null || run.logicalDate === null) return null;
  return findRunBefore(sql, run.logicalDate, catchup);
}

/** Asking again replaces what was asked. */
export function putWatch(sql: Sql, watch: Watch, awaited: RunId): void {
  sql.exec(
    "INSERT OR REPLACE INTO watch (run_id, watch_id, awaited, task_id, downstream, ignore_first) VALUES (?, ?, ?, ?, ?, ?)",
    watch.runId,
    watch.watchId,
    awaited,
    watch.taskId,
    JSON.stringify(watch.downstream),
    Number(watch.ignoreFirst),
  );
}

export function watchesOn(sql: Sql, awaited: RunId): readonly Watch[] {
  return sql.exec("SELECT * FROM watch WHERE awaited = ?", awaited).map(watchOf);
}

/** What a run waits for. */
export function watchesOf(sql: Sql, runId: RunId): readonly Watch[] {
  return sql.exec("SELECT * FROM watch WHERE run_id = ?", runId).map(watchOf);
}

export function deleteWatch(sql: Sql, { runId, watchId }: Pick<Watch, "runId" | "watchId">): void {
  sql.exec("DELETE FROM watch WHERE run_id = ? AND watch_id = ?", runId, watchId);
}

/** A run that has ended or was deleted waits for nothing any more. */
export function deleteWatchesOf(sql: Sql, runId: RunId): void {
  sql.exec("DELETE FROM watch WHERE run_id = ?", runId);
}

/** The answer now, from the awaited run's own object. */
export async function answerWatch(run: DagRunApi, awaited: RunId, watch: PastDependency): Promise<PastAnswer> {
  const instances: TaskInstanceView[] = [];
  for (;;) {
    const request = { taskIds: [watch.taskId, ...watch.downstream], offset: instances.length, limit: PAGE };
    // Each page starts where the last one ended.
    // oxlint-disable-next-line no-await-in-loop
    const page = await run.readTaskInstances(request);
    instances.push(...page.views);
    if (page.views.length === 0 || instances.length >= page.total) break;
  }
  return judgePastRun(watch, { runId: awaited, instances });
}

function watchOf(row: SqlRow): Watch {
  const downstream: string[] = JSON.parse(text(row, "downstream"));
  return {
    runId: text(row, "run_id"),
    watchId: text(row, "watch_id"),
    taskId: text(row, "task_id"),
    downstream,
    ignoreFirst: row["ignore_first"] === 1,
  };
}
