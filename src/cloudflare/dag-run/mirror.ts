/**
 * @module Keeps the DAG object, and through it the history, up to date: when a push is due and what it holds.
 * There is no outbox row for it: changes above `mirroredSeq` are the order.
 */
import { blockOf, instancesOf } from "./rows.ts";
import { readTriesSince } from "./storage.ts";
import { boundedError } from "./bounded-error.ts";
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import type { LiveRun } from "./live-run.ts";
import type { RunStatePush } from "../../model/protocol.ts";
import type { Sql } from "./sql.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import { viewsOf } from "./reads.ts";

/** A run that lives longer than this is mirrored at this interval; a shorter one once, at its end. */
export const MIRROR_INTERVAL_MS = 10_000;

/** 4,096 instances: some megabytes at most, whatever their errors and notes; a call may carry 32. */
const BLOCKS_PER_PUSH = 64;

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

/**
 * The changes the history does not have yet, in pages, as they are when each is asked for: whole blocks of instances, the run's own state with the
 * last. A repeat is harmless: rows of the history give way to newer ones only.
 */
export function* runStatePushes(sql: Sql, live: LiveRun): Generator<RunStatePush> {
  const { run, book } = live;
  const head = { ...run.head };
  const since = book.mirroredSeq;
  const blocks = changedBlocks(run.instances, since);
  for (let page = 0; page === 0 || page < blocks.length; page += BLOCKS_PER_PUSH) {
    const more = page + BLOCKS_PER_PUSH < blocks.length;
    const members = blocks.slice(page, page + BLOCKS_PER_PUSH).map((block) => instancesOf(run.instances, block));
    yield {
      callId: `push:${head.incarnation}:${head.seq}:${page}`,
      head,
      endReason: head.endReason,
      since,
      more,
      owes: live.commandsWaiting || live.noticesAt !== null || live.book.wakeAt !== null,
      instances: viewsOf(sql, live, members.flat()).map(({ error, ...view }) => ({
        ...view,
        error: error === null ? null : boundedError(error, ERROR_CHARACTERS_PUSHED, 0),
      })),
      tries: members.flatMap((block) => triesOf(sql, live, block, since)),
      durations: more ? {} : longestDurations(live),
    };
  }
}

/** Blocks with a change after `since`. The first push has all: most instances of a run that just started have not changed yet. */
function changedBlocks(instances: readonly TaskInstance[], since: number): number[] {
  const changed = instances.filter((instance) => since === 0 || instance.seq > since);
  return [...new Set(changed.map((instance) => blockOf(instance.ord)))];
}

/** Ended tries of one block's instances. */
function triesOf(sql: Sql, live: LiveRun, block: readonly TaskInstance[], since: number): RunStatePush["tries"] {
  const [first, last] = [block[0]?.ord ?? 0, block.at(-1)?.ord ?? -1];
  return readTriesSince(sql, since, first, last).map((record) => {
    const instance = live.run.instances[record.ord];
    return {
      ...record,
      taskId: live.run.spec.tasks[instance?.task ?? -1]?.taskId ?? "",
      mapIndex: instance?.mapIndex ?? -1,
    };
  });
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
