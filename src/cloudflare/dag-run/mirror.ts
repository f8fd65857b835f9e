/**
 * @module Keeps the DAG object, and through it the history, up to date: when a push is due and what it holds.
 * There is no outbox row for it: changes above `mirroredSeq` are the order.
 */
import { readTriesSince } from "./storage.ts";
import { boundedError } from "./bounded-error.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunStatePush } from "../../model/protocol.ts";
import type { Sql } from "./sql.ts";
import { viewsOf } from "./reads.ts";

/** A run that lives longer than this is mirrored at this interval; a shorter one once, at its end. */
export const MIRROR_INTERVAL_MS = 10_000;

/** Of an error the history has the beginning: thousands of failed instances go in one call. */
const ERROR_CHARACTERS_PUSHED = 1_000;

/** When the next push is due, or null when the history has everything. */
export function pushDueAt(live: LiveRun): number | null {
  const { head } = live.run;
  if (head.seq <= live.book.mirroredSeq) return null;
  if (live.pushNow || FINISHED_RUN_STATES.has(head.state)) return 0;
  if (head.startedAt === null) return null;
  return Math.max(head.startedAt, live.book.mirroredAt) + MIRROR_INTERVAL_MS;
}

/** The changes the history does not have yet. Its call id names run, incarnation and sequence: a repeat with the same changes is the same call. */
export function runStatePush(sql: Sql, live: LiveRun): RunStatePush {
  const { run, book } = live;
  // The first push has all instances: most of a run that just started have not changed yet.
  const changed = run.instances.filter((instance) => book.mirroredSeq === 0 || instance.seq > book.mirroredSeq);
  return {
    callId: `push:${run.head.incarnation}:${run.head.seq}`,
    head: { ...run.head },
    endReason: run.head.endReason,
    instances: viewsOf(sql, live, changed).map(({ error, ...view }) => ({
      ...view,
      error: error === null ? null : boundedError(error, ERROR_CHARACTERS_PUSHED, 0),
    })),
    tries: readTriesSince(sql, book.mirroredSeq).map((record) => {
      const instance = run.instances[record.ord];
      return {
        ...record,
        taskId: run.spec.tasks[instance?.task ?? -1]?.taskId ?? "",
        mapIndex: instance?.mapIndex ?? -1,
      };
    }),
    durations: longestDurations(live),
  };
}

/** Longest finished attempt by task id, ms: what later runs go by when they pack short attempts. */
function longestDurations(live: LiveRun): Readonly<Record<string, number>> {
  const durations: Record<string, number> = {};
  for (const { task, startedAt, endedAt } of live.run.instances) {
    const taskId = live.run.spec.tasks[task]?.taskId;
    if (taskId === undefined || startedAt === 0 || endedAt < startedAt) continue;
    durations[taskId] = Math.max(durations[taskId] ?? 0, endedAt - startedAt);
  }
  return durations;
}
