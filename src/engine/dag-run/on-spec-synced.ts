/**
 * @module The run goes on with another version of its DAG (clear "on the latest version"). Task instances are matched by task id: new tasks get an
 * instance; instances of vanished tasks become `removed` and name no task any more (`task` -1).
 */
import { dropSlots } from "./held-slots.ts";
import { freshInstance } from "./create.ts";
import { instanceAt, setState } from "./step-context.ts";
import { planOf } from "../plan.ts";
import { rebuildRunIndex } from "./run-index.ts";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { Handler } from "./handlers.ts";
import type { StepContext } from "./step-context.ts";
import type { TaskPlan } from "../plan.ts";

/** Slots of limits that the new version does not name would never be given back: what runs under them goes on without. */
function giveBackMoved(ctx: StepContext, spec: DagSpec): void {
  const after = new Map(planOf(spec).tasks.map((plan) => [plan.spec.taskId, namesOf(plan)]));
  for (const instance of ctx.run.instances) {
    const plan = ctx.index.plan.tasks[instance.task];
    if (plan !== undefined && after.get(plan.spec.taskId) !== namesOf(plan)) dropSlots(ctx, instance);
  }
}

function namesOf({ limits }: TaskPlan): string {
  return JSON.stringify(limits.map(({ name }) => name));
}

export const onSpecSynced: Handler<"spec-synced"> = (ctx, { spec, specHash }) => {
  const { run } = ctx;
  if (run.head.specHash === specHash) return;
  const newIndex = new Map(spec.tasks.map((task, i) => [task.taskId, i]));
  const oldIds = run.spec.tasks.map((task) => task.taskId);
  giveBackMoved(ctx, spec);
  const moves = run.instances.map((instance) => newIndex.get(oldIds[instance.task] ?? "") ?? -1);
  for (const [ord, task] of moves.entries()) {
    if (task < 0 && instanceAt(run, ord).state !== "removed") setState(ctx, instanceAt(run, ord), "removed", true);
  }
  for (const [ord, task] of moves.entries()) {
    if (instanceAt(run, ord).task === task) continue;
    Object.assign(instanceAt(run, ord), { task });
    ctx.instances.add(ord);
  }
  Object.assign(run, { spec });
  run.head.specHash = specHash;
  ctx.headChanged = true;
  const known = new Set(moves);
  for (const [i, task] of spec.tasks.entries()) {
    if (known.has(i)) continue;
    const instance = freshInstance(run.instances.length, i, -1, task.retries);
    run.instances.push(instance);
    ctx.instances.add(instance.ord);
  }
  ctx.index = rebuildRunIndex(run);
  for (const task of ctx.index.plan.tasks) ctx.index.dirtyTasks.add(task.index);
};
