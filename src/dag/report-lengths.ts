/**
 * @module Which lengths a task must report, because somebody maps over its value: the engine expands by numbers and never reads a value.
 */
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { TaskId } from "../model/ids.ts";
import { lengthKey } from "../model/arg-expr.ts";

/** Length keys by producer, sorted. */
export function reportLengths(expands: Iterable<ExpandSpec>): ReadonlyMap<TaskId, readonly string[]> {
  const keys = new Map<TaskId, Set<string>>();
  const visit = (expr: ArgExpr): void => {
    if (expr.kind === "xcom") {
      const known = keys.get(expr.taskId) ?? new Set();
      keys.set(expr.taskId, known.add(lengthKey(expr.key, expr.path)));
    } else if (expr.kind === "zip" || expr.kind === "concat") {
      expr.of.forEach(visit);
    } else if (expr.kind === "map") {
      visit(expr.of);
    }
  };
  for (const expand of expands) {
    if (expand.kind === "kwargs") visit(expand.of);
    else Object.values(expand.over).forEach(visit);
  }
  return new Map([...keys].map(([taskId, set]) => [taskId, [...set].toSorted()]));
}
