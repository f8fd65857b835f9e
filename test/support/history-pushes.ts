/**
 * @module Pushes of runs into the history, and task instances as they hold them.
 */
import type { DagRunHead } from "../../src/model/dag-run.ts";
import type { RunStatePush, TaskInstanceView } from "../../src/model/protocol.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";

export function aPush(head: DagRunHead, instances: readonly TaskInstanceView[] = []): RunStatePush {
  return { callId: "", head, endReason: null, since: 0, more: false, owes: false, instances, tries: [], durations: {} };
}

export function aView(
  taskId: string,
  seq: number,
  state: TaskInstanceState,
  over: Partial<TaskInstanceView> = {},
): TaskInstanceView {
  return {
    ord: 0,
    taskId,
    mapIndex: -1,
    state,
    seq,
    tryNumber: 1,
    maxTries: 1,
    flags: 0,
    elapsedMs: 0,
    slotAsk: 0,
    slotsHeld: 0,
    slotUntil: 0,
    scheduledAt: 0,
    queuedAt: 0,
    startedAt: 0,
    endedAt: 0,
    dueAt: 0,
    sends: 0,
    losses: 0,
    firstPokedAt: 0,
    pokes: 0,
    note: null,
    error: null,
    renderedMapIndex: null,
    ...over,
  };
}
