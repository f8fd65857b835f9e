/**
 * @module How long attempts of each task took at most in recent runs. What stays below a second may be packed and handed off.
 */
import { KNOWN_SHORT_MS } from "../../model/task-message.ts";
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

/** Longest recent duration of the tasks that are known short, ms. */
export function longestDurations(sql: Sql): Readonly<Record<TaskId, number>> {
  const longest: [TaskId, number][] = [];
  for (const row of sql.exec("SELECT v FROM duration ORDER BY block")) {
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
