/**
 * @module Missed SLAs and deadlines: moments of a run, known from its spec and its dates, at which somebody is told unless all is well. Each is judged once,
 * at the first event at or after it: the head keeps up to when that was done. A DAG that has none pays a look at two fields.
 */
import { FINISHED_RUN_STATES } from "../../model/state.ts";
import { forEachOrd, runIndexOf } from "./run-index.ts";
import { instanceAt, planAt } from "./step-context.ts";
import { planOf } from "../plan.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { DeadlineSpec } from "../../model/dag-spec.ts";
import type { StepContext } from "./step-context.ts";

/** Before the event itself: what it brings came too late. */
export function tellMissed(ctx: StepContext): void {
  const { run, now } = ctx;
  if (!hasTimes(run)) return;
  const after = run.head.toldUntil ?? Number.NEGATIVE_INFINITY;
  const due = (at: number): boolean => at > after && at <= now;
  const slas = slaTimes(run).filter(({ at }) => due(at));
  const deadlines = deadlineTimes(run).filter(({ at }) => due(at));
  if (slas.length + deadlines.length === 0) return;
  run.head.toldUntil = now;
  ctx.toldChanged = true;
  tellSlas(
    ctx,
    slas.filter(({ task }) => !isThrough(run, task)),
  );
  if (run.head.state === "success") return;
  for (const { index, at, spec } of deadlines)
    ctx.commands.push({
      kind: "deadline-miss",
      id: `deadline:${index}@${at}`,
      index,
      reference: spec.reference.kind,
      at,
    });
}

/** When the next one is to be judged that can be missed still, or null. */
export function nextMissAt(run: DagRun): number | null {
  if (!hasTimes(run)) return null;
  const { head } = run;
  const after = head.toldUntil ?? Number.NEGATIVE_INFINITY;
  const isOver = FINISHED_RUN_STATES.has(head.state);
  let next: number | null = null;
  for (const { at, task } of slaTimes(run)) {
    if (at > after && (next === null || at < next) && !(isOver && isThrough(run, task))) next = at;
  }
  if (head.state === "success") return next;
  for (const { at } of deadlineTimes(run)) if (at > after && (next === null || at < next)) next = at;
  return next;
}

function hasTimes({ spec }: DagRun): boolean {
  return spec.deadlines !== undefined || planOf(spec).slas.length > 0;
}

interface SlaTime {
  readonly task: number;
  readonly at: number;
}

/** Airflow's clock: from the run's scheduled start, the end of its interval; of scheduled runs only, unless the DAG says otherwise. */
function slaTimes({ head, spec }: DagRun): readonly SlaTime[] {
  const { slas } = planOf(spec);
  const isScheduled = head.runType === "scheduled";
  if (!isScheduled && spec.slaRuns !== "all") return [];
  const start = isScheduled ? (head.dataIntervalEnd ?? head.runAfter) : head.runAfter;
  return slas.map(({ task, ms }) => ({ task, at: start + ms }));
}

function deadlineTimes({ head, spec }: DagRun): readonly { index: number; at: number; spec: DeadlineSpec }[] {
  return (spec.deadlines ?? []).flatMap((deadline, index) => {
    const from = referenceAt(deadline, head);
    return from === null ? [] : [{ index, at: from + deadline.intervalMs, spec: deadline }];
  });
}

/** Null: this run has none. */
function referenceAt({ reference }: DeadlineSpec, head: DagRun["head"]): number | null {
  switch (reference.kind) {
    case "logical_date":
      return head.logicalDate;
    case "queued_at":
      return head.queuedAt;
    case "fixed":
      return reference.at;
    case "average_runtime":
      return head.averageRunMs === undefined ? null : head.queuedAt + head.averageRunMs;
  }
}

function tellSlas(ctx: StepContext, missed: readonly SlaTime[]): void {
  if (missed.length === 0) return;
  const specs = missed.map(({ task, at }) => ({ spec: planAt(ctx, task).spec, at }));
  const blocking = ctx.run.instances
    .filter(({ state }) => state !== "success" && state !== "removed")
    .map(({ task, mapIndex, state }) => ({ taskId: planAt(ctx, task).spec.taskId, mapIndex, state }));
  const id = `sla@${Math.max(...missed.map(({ at }) => at))}`;
  const to = [...new Set(specs.flatMap(({ spec }) => spec.email))];
  const misses = specs.map(({ spec, at }) => ({ taskId: spec.taskId, at }));
  const about = { misses, blocking, at: ctx.now };
  const mail = to.length === 0 ? {} : { mail: { kind: "sla-mail", id: `${id}-mail`, to, ...about } as const };
  ctx.commands.push({ kind: "sla-miss", id, ...about, ...mail });
}

/** All of its instances are done as they should be. */
function isThrough(run: DagRun, task: number): boolean {
  let through = true;
  forEachOrd(runIndexOf(run), task, (ord) => {
    const { state } = instanceAt(run, ord);
    if (state !== "success" && state !== "skipped" && state !== "removed") through = false;
  });
  return through;
}
