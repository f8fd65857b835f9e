/**
 * @module Which mapped task group a task lies in. Tasks of one mapped group see each other's value at the own map index.
 */
import type { DagSpec } from "../model/dag-spec.ts";
import type { GroupId, TaskId } from "../model/ids.ts";

const bySpec = new WeakMap<DagSpec, ReadonlyMap<TaskId, GroupId>>();

/** The innermost mapped group around the task, or `undefined`. */
export function mappedGroupOf(spec: DagSpec, taskId: TaskId): GroupId | undefined {
  let groups = bySpec.get(spec);
  if (groups === undefined) bySpec.set(spec, (groups = mappedGroups(spec)));
  return groups.get(taskId);
}

function mappedGroups(spec: DagSpec): ReadonlyMap<TaskId, GroupId> {
  const groups = new Map(spec.groups.map((group) => [group.groupId, group]));
  const found = new Map<TaskId, GroupId>();
  for (const task of spec.tasks) {
    let group = task.groupId === null ? undefined : groups.get(task.groupId);
    while (group !== undefined && group.expand === null) {
      group = group.parent === null ? undefined : groups.get(group.parent);
    }
    if (group !== undefined) found.set(task.taskId, group.groupId);
  }
  return found;
}
