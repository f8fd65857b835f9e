/**
 * @module Which task instances a user's clear or mark means. Pure: also answers dry runs.
 */
import { AirflareError } from "../../model/error.ts";
import { FAILED_STATES } from "../../model/state.ts";
import { forEachOrd, runIndexOf } from "./run-index.ts";
import type { ClearOptions, MarkOptions, TaskInstanceSelector } from "../../model/event.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { RunIndex } from "./run-index.ts";

/** Ords that a clear resets, ascending. Throws `task_not_found` and `task_instance_not_found`. */
export function selectForClear(run: DagRun, options: ClearOptions): number[] {
  const everything = options.select.length === 0;
  const ords = everything ? run.instances.map((instance) => instance.ord) : selectWithRelatives(run, options);
  return ords.filter((ord) => {
    const state = run.instances[ord]?.state;
    if (state === undefined || state === "removed") return false;
    if (everything && !options.onlyRunning) return FAILED_STATES.has(state);
    if (options.onlyFailed && !FAILED_STATES.has(state)) return false;
    return !options.onlyRunning || state === "running";
  });
}

/** Ords whose state a mark changes, ascending. Throws `task_not_found` and `task_instance_not_found`. */
export function selectForMark(run: DagRun, options: MarkOptions): number[] {
  return selectWithRelatives(run, options).filter((ord) => {
    const state = run.instances[ord]?.state;
    return state !== undefined && state !== "removed" && state !== options.state;
  });
}

/** Ords that one selector names. */
export function selectInstances(run: DagRun, select: TaskInstanceSelector): number[] {
  const index = runIndexOf(run);
  const task = index.plan.graph.indexOf.get(select.taskId);
  if (task === undefined) {
    throw new AirflareError(
      "task_not_found",
      `DAG ${run.head.dagId} (in the version of run ${run.head.runId}) has no task ${select.taskId}; use the full id with its group prefix.`,
    );
  }
  const ords: number[] = [];
  forEachOrd(index, task, (ord) => {
    if (select.mapIndexes?.includes(run.instances[ord]?.mapIndex ?? -1) !== false) ords.push(ord);
  });
  if (ords.length === 0) {
    throw new AirflareError(
      "task_instance_not_found",
      `Task ${select.taskId} of run ${run.head.dagId}/${run.head.runId} has no instance with map index ${(select.mapIndexes ?? []).join(", ")}.`,
    );
  }
  return ords;
}

/** The given instances and everything behind them, in the run's own sense: index by index inside a mapped group. */
export function relatives(run: DagRun, ords: readonly number[], direction: "upstream" | "downstream"): Set<number> {
  const index = runIndexOf(run);
  const seen = new Set(ords);
  const wholeTasks = new Set<number>();
  const open = [...ords];
  for (let ord = open.pop(); ord !== undefined; ord = open.pop()) {
    for (const task of neighbours(index, run.instances[ord]?.task ?? -1, direction)) {
      for (const other of counterparts(run, index, ord, task, wholeTasks)) {
        if (seen.has(other)) continue;
        seen.add(other);
        open.push(other);
      }
    }
  }
  return seen;
}

function selectWithRelatives(
  run: DagRun,
  options: Pick<ClearOptions, "select" | "includeUpstream" | "includeDownstream">,
): number[] {
  const chosen = options.select.flatMap((select) => selectInstances(run, select));
  const all = new Set(chosen);
  if (options.includeUpstream) for (const ord of relatives(run, chosen, "upstream")) all.add(ord);
  if (options.includeDownstream) for (const ord of relatives(run, chosen, "downstream")) all.add(ord);
  return [...all].toSorted((a, b) => a - b);
}

function neighbours(index: RunIndex, task: number, direction: "upstream" | "downstream"): readonly number[] {
  return index.plan.tasks[task]?.[direction] ?? [];
}

/** Instances of `task` that belong to `ord`. A task all of whose instances were visited once is not walked again. */
function counterparts(run: DagRun, index: RunIndex, ord: number, task: number, wholeTasks: Set<number>): number[] {
  const instance = run.instances[ord];
  const from = index.plan.tasks[instance?.task ?? -1];
  const to = index.plan.tasks[task];
  const others = index.tasks[task];
  if (instance === undefined || others === undefined || wholeTasks.has(task)) return [];
  const isAligned = from?.mappedGroup !== null && from?.mappedGroup === to?.mappedGroup;
  if (isAligned && instance.mapIndex >= 0) {
    const own = others.byIndex[instance.mapIndex];
    return [own ?? -1, others.placeholder].filter((other) => other >= 0);
  }
  wholeTasks.add(task);
  const all: number[] = [];
  forEachOrd(index, task, (other) => all.push(other));
  return all;
}
