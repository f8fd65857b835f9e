/**
 * @module After an event: decide everything it touched, round by round, until nothing changes. One round is one pass of Airflow's scheduler:
 * all decisions are taken on the same counts, then carried out.
 */
import { SCHEDULEABLE_STATES } from "../../model/state.ts";
import { concludeRun } from "./outcome-of-run.ts";
import { decide } from "./decide.ts";
import { expandPlaceholder, reviseExpansion } from "./expand.ts";
import { forEachOrd } from "./run-index.ts";
import { instanceAt, planAt, setState } from "./step-context.ts";
import { makeReady, openAttempts } from "./dispatch.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskPlan } from "../plan.ts";
import type { TriggerDecision } from "../trigger-rule.ts";

interface Decision {
  readonly instance: TaskInstance;
  readonly plan: TaskPlan;
  readonly answer: Exclude<TriggerDecision, "wait">;
}

/** Works the lists of touched tasks and instances off, then opens attempts and ends the run. */
export function settle(ctx: StepContext): void {
  const { index } = ctx;
  while (ctx.run.head.state === "running" && index.dirtyTasks.size + index.dirtyOrds.size > 0) {
    const decisions: Decision[] = [];
    const tasks = index.dirtyTasks;
    const ords = index.dirtyOrds;
    index.dirtyTasks = new Set();
    index.dirtyOrds = new Set();
    for (const task of tasks) decideTask(ctx, task, decisions);
    for (const ord of ords) {
      const instance = instanceAt(ctx.run, ord);
      // Its whole task was decided above: twice in one round would start what the first decision only expanded.
      if (!tasks.has(instance.task)) decideInstance(ctx, instance, decisions);
    }
    for (const decision of decisions) carryOut(ctx, decision);
  }
  if (ctx.run.head.state === "running") {
    openAttempts(ctx);
    concludeRun(ctx);
  }
}

function decideTask(ctx: StepContext, task: number, decisions: Decision[]): void {
  const instances = ctx.index.tasks[task];
  if (instances === undefined || instances.schedulable === 0) return;
  forEachOrd(ctx.index, task, (ord) => decideInstance(ctx, instanceAt(ctx.run, ord), decisions));
}

function decideInstance(ctx: StepContext, instance: TaskInstance, decisions: Decision[]): void {
  if (!SCHEDULEABLE_STATES.has(instance.state)) return;
  const plan = planAt(ctx, instance.task);
  const answer = decide(ctx.run, ctx.index, plan, instance);
  if (answer === "wait") return;
  if (answer === "run" && (instance.dueAt > ctx.now || !pastAllows(ctx, plan))) return;
  decisions.push({ instance, plan, answer });
}

function carryOut(ctx: StepContext, { instance, plan, answer }: Decision): void {
  // An earlier decision of this round may have removed or skipped it.
  if (!SCHEDULEABLE_STATES.has(instance.state)) return;
  if (answer !== "run") {
    setState(ctx, instance, answer);
    instance.endedAt = ctx.now;
    return;
  }
  if (plan.expand !== null) {
    if (instance.mapIndex < 0) {
      expandPlaceholder(ctx, plan, instance, plan.expand);
      return;
    }
    reviseExpansion(ctx, plan, plan.expand);
    if (!SCHEDULEABLE_STATES.has(instance.state)) return;
  }
  makeReady(ctx, plan, instance);
}

/** `depends_on_past`: asks the DAG object once and waits for its answer, which may come again when the other run changes. */
function pastAllows(ctx: StepContext, plan: TaskPlan): boolean {
  if (!plan.watchesPast) return true;
  const { taskId, waitForDownstream, ignoreFirstDependsOnPast } = plan.spec;
  const answer = ctx.run.watched.get(taskId);
  if (answer !== undefined) return answer.passed;
  if (!ctx.index.asked.has(plan.index)) {
    ctx.index.asked.add(plan.index);
    ctx.commands.push({
      kind: "watch",
      id: `watch:${taskId}@${ctx.run.head.generation}`,
      watchId: taskId,
      taskId,
      downstream: waitForDownstream ? plan.downstream.map((down) => planAt(ctx, down).spec.taskId) : [],
      ignoreFirst: ignoreFirstDependsOnPast,
    });
  }
  return false;
}
