/**
 * @module How long attempts of each task took at most in recent runs. What stays below a second may be packed and handed off.
 */
import { KNOWN_SHORT_MS } from "../../model/task-message.ts";
import type { DagRunHead } from "../../model/dag-run.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { TaskId } from "../../model/ids.ts";
import type { Sql } from "../dag-run/sql.ts";
import { text } from "./storage.ts";

/** Runs remembered per task. */
const RECENT = 20;
/** Tasks per row, by their place in the spec: a run's end rewrites few rows. */
const TASKS_PER_BLOCK = 100;
/** Tasks passed to a new run; beyond it a task counts as not known short. */
const LONGEST_MAX = 10_000;

/** The row of whole runs, beside those of tasks. */
const RUNS_BLOCK = -1;
const RUNS_KEY = "";

type Rings = Record<TaskId, number[]>;

/**
 * Notes the longest attempt of each task of a run that has ended. One more short attempt of a task that is known short says nothing new: where all are
 * such, nothing is written.
 */
export function noteDurations(sql: Sql, spec: DagSpec, durations: Readonly<Record<TaskId, number>>): void {
  const blocks = new Map<number, Rings>();
  const news = new Set<number>();
  spec.tasks.forEach(({ taskId }, i) => {
    const duration = durations[taskId];
    if (duration === undefined) return;
    const block = Math.floor(i / TASKS_PER_BLOCK);
    const rings = blocks.get(block) ?? readBlock(sql, block);
    blocks.set(block, rings);
    const before = rings[taskId] ?? [];
    if (before.length === 0 || duration >= KNOWN_SHORT_MS || Math.max(...before) >= KNOWN_SHORT_MS) news.add(block);
    rings[taskId] = [...before, Math.round(duration)].slice(-RECENT);
  });
  for (const [block, rings] of blocks) {
    if (!news.has(block)) continue;
    // Tasks that have left the spec, or moved to another block, fall out here.
    const kept = spec.tasks.slice(block * TASKS_PER_BLOCK, (block + 1) * TASKS_PER_BLOCK);
    const entries = kept.flatMap(({ taskId }) =>
      rings[taskId] === undefined ? [] : [[taskId, rings[taskId]] as const],
    );
    sql.exec(
      "INSERT INTO duration (block, v) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET v = excluded.v",
      block,
      JSON.stringify(Object.fromEntries(entries)),
    );
  }
}

/** Notes how long a run took, for DAGs with a deadline by the average. */
export function noteRunDuration(sql: Sql, spec: DagSpec, { startedAt, endedAt, state }: DagRunHead): void {
  const kept = Math.max(0, ...averages(spec).map(({ maxRuns }) => maxRuns));
  if (kept === 0 || state !== "success" || startedAt === null || endedAt === null) return;
  const ring = [...runDurations(sql), endedAt - startedAt].slice(-kept);
  sql.exec(
    "INSERT INTO duration (block, v) VALUES (?, ?) ON CONFLICT (block) DO UPDATE SET v = excluded.v",
    RUNS_BLOCK,
    JSON.stringify({ [RUNS_KEY]: ring }),
  );
}

/** Average of the last runs as the DAG's deadline asks for it; nothing while there are too few. */
export function averageRun(sql: Sql, spec: DagSpec): { readonly averageRunMs?: number } {
  const [asked] = averages(spec);
  if (asked === undefined) return {};
  const last = runDurations(sql).slice(-asked.maxRuns);
  if (last.length < asked.minRuns) return {};
  return { averageRunMs: last.reduce((sum, ms) => sum + ms, 0) / last.length };
}

function averages(spec: DagSpec): readonly { readonly maxRuns: number; readonly minRuns: number }[] {
  const references = (spec.deadlines ?? []).map(({ reference }) => reference);
  return references.filter((reference) => reference.kind === "average_runtime");
}

function runDurations(sql: Sql): readonly number[] {
  return readBlock(sql, RUNS_BLOCK)[RUNS_KEY] ?? [];
}

/** Longest recent duration of the tasks that are known short, ms. */
export function longestDurations(sql: Sql): Readonly<Record<TaskId, number>> {
  const longest: [TaskId, number][] = [];
  for (const row of sql.exec("SELECT v FROM duration WHERE block >= 0 ORDER BY block")) {
    const rings: Rings = JSON.parse(text(row, "v"));
    for (const [taskId, ring] of Object.entries(rings)) {
      const most = Math.max(...ring);
      if (most < KNOWN_SHORT_MS && longest.length < LONGEST_MAX) longest.push([taskId, most]);
    }
  }
  return Object.fromEntries(longest);
}

function readBlock(sql: Sql, block: number): Rings {
  const row = sql.exec("SELECT v FROM duration WHERE block = ?", block)[0];
  if (row === undefined) return {};
  const rings: Rings = JSON.parse(text(row, "v"));
  return rings;
}
