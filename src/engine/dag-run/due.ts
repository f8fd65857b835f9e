/**
 * @module Which instances are due, and when the next one is: a heap with stale entries that are put right when they come up.
 */
import { noteDue } from "./run-index.ts";
import { popHeap } from "../binary-heap.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { RunIndex } from "./run-index.ts";
import type { TaskInstance } from "../../model/task-instance.ts";

/** Takes out every instance whose `dueAt` has come, earliest first. Each must get another `dueAt` or lose it. */
export function takeDue(run: DagRun, index: RunIndex, now: number): TaskInstance[] {
  const due: TaskInstance[] = [];
  for (let at = nextDueAt(run, index); at !== null && at <= now; at = nextDueAt(run, index)) {
    const entry = popHeap(index.due);
    const instance = entry === undefined ? undefined : run.instances[entry.value];
    if (instance === undefined) break;
    index.heapAt[instance.ord] = 0;
    due.push(instance);
  }
  return due;
}

/** The earliest `dueAt`, or null. */
export function nextDueAt(run: DagRun, index: RunIndex): number | null {
  for (;;) {
    const top = index.due[0];
    if (top === undefined) return null;
    const instance = run.instances[top.value];
    if (instance !== undefined && instance.dueAt === top.key) return top.key;
    popHeap(index.due);
    // Only the entry that `heapAt` names stands for the instance; others are left-overs of times since moved earlier.
    if (instance === undefined || index.heapAt[instance.ord] !== top.key) continue;
    index.heapAt[instance.ord] = 0;
    if (instance.dueAt > 0) noteDue(index, instance);
  }
}
