/**
 * @module Expanding mapped tasks within a run: the placeholder becomes index 0, further instances are appended with new ords; a task mapped again with
 * another length gets more instances, or some become `removed`.
 */
import { FINISHED_STATES, SCHEDULEABLE_STATES } from "../../model/state.ts";
import { countOwn, countShared, enterInstance, forEachOrd } from "./run-index.ts";
import { expansionLengths, instanceCount } from "../mapping.ts";
import { failWithoutAttempt } from "./fail-attempt.ts";
import { freshInstance } from "./create.ts";
import { instanceAt, instanceName, planAt, setFacts, setState } from "./step-context.ts";
import type { DagRun } from "../../model/dag-run.ts";
import type { ExpandedBy, LengthSource } from "../mapping.ts";
import type { ExpandSpec } from "../../model/arg-expr.ts";
import type { RunIndex } from "./run-index.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";

/** Lengths as far as this run knows them. */
export function lengthsOf(run: DagRun, index: RunIndex, expand: ExpandSpec): ExpandedBy | "unknown" | "unmappable" {
  const source: LengthSource = {
    param: (name) => run.head.params[name],
    xcom: (taskId, key) => {
      const task = index.plan.graph.indexOf.get(taskId);
      const instances = task === undefined ? undefined : index.tasks[task];
      if (task === undefined || instances === undefined) return "unknown";
      if (index.plan.tasks[task]?.expand === null) {
        const length = run.facts.get(instances.placeholder)?.lengths?.[key];
        if (length === undefined) return "unknown";
        return length ?? "unmappable";
      }
      let pushed = 0;
      let unfinished = false;
      forEachOrd(index, task, (ord) => {
        const instance = run.instances[ord];
        if (instance === undefined || instance.state === "removed") return;
        if (!FINISHED_STATES.has(instance.state)) unfinished = true;
        if (run.facts.get(ord)?.lengths?.[key] !== undefined) pushed += 1;
      });
      return unfinished ? "unknown" : pushed;
    },
  };
  return expansionLengths(expand, source);
}

/** Expands a placeholder whose deps are met. Without a length it becomes upstream_failed, with length 0 skipped. */
export function expandPlaceholder(ctx: StepContext, plan: TaskPlan, instance: TaskInstance, expand: ExpandSpec): void {
  const lengths = lengthsOf(ctx.run, ctx.index, expand);
  if (lengths === "unknown") return setState(ctx, instance, "upstream_failed");
  if (lengths === "unmappable") {
    failWithoutAttempt(ctx, instance, {
      code: "value_not_mappable",
      message: `Task ${instanceName(ctx, instance)} is mapped over a value that is neither a list nor an object; give it one.`,
    });
    return;
  }
  const count = instanceCount(lengths);
  if (count === 0) return setState(ctx, instance, "skipped");
  withdraw(ctx, plan, instance);
  const instances = ctx.index.tasks[plan.index];
  if (instances !== undefined) {
    instances.placeholder = -1;
    instances.byIndex[0] = instance.ord;
    instances.revise = false;
  }
  instance.mapIndex = 0;
  ctx.instances.add(instance.ord);
  setFacts(ctx, instance.ord, { ...ctx.run.facts.get(instance.ord), expandedBy: lengths });
  enter(ctx, plan, instance);
  appendInstances(ctx, plan, 1, count);
}

/**
 * A mapped task is about to run again and its sources may have changed: appends missing instances, removes those behind the new length.
 * With a new length of 0 the first instance is skipped, so that what is downstream is decided.
 */
export function reviseExpansion(ctx: StepContext, plan: TaskPlan, expand: ExpandSpec): void {
  const instances = ctx.index.tasks[plan.index];
  if (instances === undefined || !instances.revise) return;
  const lengths = lengthsOf(ctx.run, ctx.index, expand);
  if (typeof lengths === "string") return;
  instances.revise = false;
  const count = instanceCount(lengths);
  const first = instances.byIndex[0];
  if (first !== undefined && JSON.stringify(ctx.run.facts.get(first)?.expandedBy) !== JSON.stringify(lengths)) {
    setFacts(ctx, first, { ...ctx.run.facts.get(first), expandedBy: lengths });
  }
  for (const [mapIndex, ord] of instances.byIndex.entries()) {
    const instance = instanceAt(ctx.run, ord);
    if (mapIndex >= Math.max(count, 1)) {
      if (instance.state !== "removed") setState(ctx, instance, "removed");
    } else if (count === 0) {
      if (SCHEDULEABLE_STATES.has(instance.state)) setState(ctx, instance, "skipped");
    } else if (instance.state === "removed") {
      setState(ctx, instance, "none");
      instance.maxTries = instance.tryNumber + plan.spec.retries + 1;
      ctx.index.dirtyOrds.add(ord);
    }
  }
  appendInstances(ctx, plan, instances.byIndex.length, count);
}

/** New instances at the end of a mapped task. */
function appendInstances(ctx: StepContext, plan: TaskPlan, from: number, count: number): void {
  for (let mapIndex = from; mapIndex < count; mapIndex += 1) {
    const instance = freshInstance(ctx.run.instances.length, plan.index, mapIndex, plan.spec.retries);
    ctx.run.instances.push(instance);
    ctx.instances.add(instance.ord);
    enterInstance(ctx.index, instance);
    enter(ctx, plan, instance);
  }
}

/** Takes a placeholder out of all sums before it changes its index. */
function withdraw(ctx: StepContext, plan: TaskPlan, instance: TaskInstance): void {
  for (const edge of plan.countedBy) {
    if (!edge.aligned) countShared(ctx.index, edge.kind, edge.task, instance, -1);
  }
}

/** Puts an instance with its final index into all sums, and everything that looks at it on the work list. */
function enter(ctx: StepContext, plan: TaskPlan, instance: TaskInstance): void {
  for (const edge of plan.countedBy) {
    if (!edge.aligned) {
      countShared(ctx.index, edge.kind, edge.task, instance, 1);
      ctx.index.dirtyTasks.add(edge.task);
      continue;
    }
    forEachOrd(ctx.index, edge.task, (ord) => {
      const other = instanceAt(ctx.run, ord);
      if (other.mapIndex >= 0 && other.mapIndex !== instance.mapIndex) return;
      countOwn(ctx.run, ctx.index, ord);
      ctx.index.dirtyOrds.add(ord);
    });
  }
  if (plan.hasAligned) countOwn(ctx.run, ctx.index, instance.ord);
  ctx.index.dirtyOrds.add(instance.ord);
}

/** After a success: whoever is mapped over this task must look at the length again when it runs next. */
export function noteSourceChanged(ctx: StepContext, instance: TaskInstance): void {
  for (const task of planAt(ctx, instance.task).mapDependants) {
    const instances = ctx.index.tasks[task];
    if (instances !== undefined) instances.revise = true;
  }
}
