/**
 * @module Arguments of one attempt of a scenario: its inputs, and its element of what it is expanded over.
 */
import { mappableLength } from "./scenario-spec.ts";
import { runIndexOf } from "../../src/engine/dag-run/run-index.ts";
import type { ArgExpr } from "../../src/model/arg-expr.ts";
import type { Json } from "./scenario-spec.ts";
import type { ScenarioRun } from "./scenario-driver.ts";
import type { TaskInstance } from "../../src/model/task-instance.ts";

export { RETURN_KEY } from "../../src/model/xcom.ts";
export { mappableLength as lengthOf } from "./scenario-spec.ts";

/** The function of a `map_skip` skipped this instance's element. */
export class ElementSkipped extends Error {}

/** Named arguments of an attempt. Throws {@link ElementSkipped}. */
export function argumentsOf(running: ScenarioRun, instance: TaskInstance): Readonly<Record<string, Json>> {
  const plan = runIndexOf(running.run).plan.tasks[instance.task];
  const args: Record<string, Json> = {};
  for (const [key, expr] of Object.entries(plan?.spec.args ?? {})) args[key] = valueOf(running, instance, expr);
  const expand = plan?.expand ?? null;
  if (expand === null || instance.mapIndex < 0) return args;
  if (expand.kind === "kwargs") {
    const element = elementAt(running, instance, expand.of, instance.mapIndex);
    return isObject(element) ? { ...args, ...element } : args;
  }
  // The first key varies slowest.
  let rest = instance.mapIndex;
  for (const [key, expr] of Object.entries(expand.over).toReversed()) {
    const length = lengthOfExpr(running, instance, expr);
    args[key] = elementAt(running, instance, expr, rest % length);
    rest = Math.floor(rest / length);
  }
  return Object.fromEntries(Object.entries(args).toSorted(([a], [b]) => (a < b ? -1 : 1)));
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

function valueOf(running: ScenarioRun, instance: TaskInstance, expr: ArgExpr): Json {
  switch (expr.kind) {
    case "literal":
      return JSON.parse(expr.text) as Json;
    case "xcom":
      return xcomOf(running, instance, expr.taskId);
    default:
      return Array.from({ length: lengthOfExpr(running, instance, expr) }, (_, i) =>
        elementAt(running, instance, expr, i),
      );
  }
}

function xcomOf(running: ScenarioRun, instance: TaskInstance, taskId: string): Json {
  const index = runIndexOf(running.run);
  const task = index.plan.tasks.find((plan) => plan.spec.taskId === taskId);
  const instances = index.tasks[task?.index ?? -1];
  if (task === undefined || instances === undefined) return null;
  if (task.expand === null) return running.values.get(instances.placeholder) ?? null;
  const own = index.plan.tasks[instance.task];
  if (own?.mappedGroup !== null && own?.mappedGroup === task.mappedGroup) {
    return running.values.get(instances.byIndex[instance.mapIndex] ?? -1) ?? null;
  }
  return instances.byIndex.flatMap((ord) => {
    const value = running.values.get(ord);
    return value === undefined ? [] : [value];
  });
}

function lengthOfExpr(running: ScenarioRun, instance: TaskInstance, expr: ArgExpr): number {
  switch (expr.kind) {
    case "concat":
      return expr.of.reduce((sum, of) => sum + lengthOfExpr(running, instance, of), 0);
    case "zip": {
      const lengths = expr.of.map((of) => lengthOfExpr(running, instance, of));
      return expr.fill === undefined ? Math.min(...lengths) : Math.max(...lengths);
    }
    case "map":
      return lengthOfExpr(running, instance, expr.of);
    default:
      return mappableLength(valueOf(running, instance, expr)) ?? 0;
  }
}

function elementAt(running: ScenarioRun, instance: TaskInstance, expr: ArgExpr, at: number): Json {
  switch (expr.kind) {
    case "concat": {
      let rest = at;
      for (const of of expr.of) {
        const length = lengthOfExpr(running, instance, of);
        if (rest < length) return elementAt(running, instance, of, rest);
        rest -= length;
      }
      return null;
    }
    case "zip": {
      const fill = expr.fill === undefined ? null : valueOf(running, instance, expr.fill);
      return expr.of.map((of) =>
        at < lengthOfExpr(running, instance, of) ? elementAt(running, instance, of, at) : fill,
      );
    }
    case "map": {
      const element = elementAt(running, instance, expr.of, at);
      if (running.skipLists[expr.fn]?.includes(element) === true) throw new ElementSkipped();
      return element;
    }
    default: {
      const value = valueOf(running, instance, expr);
      if (Array.isArray(value)) return value[at] ?? null;
      const entry = value !== null && typeof value === "object" ? Object.entries(value)[at] : undefined;
      return entry ?? null;
    }
  }
}
