/**
 * @module What a mapped attempt is made of: the expansion of its task or of the mapped group around it, and which element of each key is its own.
 */
import type { ArgExpr, ExpandSpec } from "../../model/arg-expr.ts";
import type { AttemptOrder } from "../../model/protocol.ts";
import type { LiveRun } from "./live-run.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

/** Null for a task that is not mapped. In a product the first key varies slowest, as in Airflow. */
export function mappedIndexes(live: LiveRun, task: TaskSpec, instance: TaskInstance): AttemptOrder["mapped"] {
  const group = task.expand === null ? live.tasks.mappedGroupOf(task) : undefined;
  const expand = task.expand ?? group?.expand ?? null;
  if (expand === null || instance.mapIndex < 0) return null;
  const first = live.tasks.ordsOf(task.taskId)[0];
  const lengths = Object.entries((first === undefined ? undefined : live.run.facts.get(first)?.expandedBy) ?? {});
  const indexes: Record<string, number> = {};
  let rest = instance.mapIndex;
  for (const [key, length] of lengths.toReversed()) {
    indexes[key] = rest % Math.max(1, length);
    rest = Math.floor(rest / Math.max(1, length));
  }
  return { expand, indexes, groupId: group?.groupId ?? null };
}

/** Expressions whose values an attempt of `task` needs because it, or a group around it, is expanded over them. */
export function expandRefs(live: LiveRun, task: TaskSpec): readonly ArgExpr[] {
  return [task.expand, live.tasks.mappedGroupOf(task)?.expand ?? null].flatMap((expand) =>
    expand === null ? [] : exprs(expand),
  );
}

function exprs(expand: ExpandSpec): readonly ArgExpr[] {
  return expand.kind === "product" ? Object.values(expand.over) : [expand.of];
}
