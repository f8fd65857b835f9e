/**
 * @module Finds tasks of a serialized DAG by id, and the mapped task group a task lies in. Made once per spec: attempts of large DAGs must not scan it.
 */
import type { DagSpec } from "../model/dag-spec.ts";
import type { GroupId, TaskId } from "../model/ids.ts";
import type { TaskSpec } from "../model/task-spec.ts";

interface SpecIndex {
  readonly tasks: ReadonlyMap<TaskId, TaskSpec>;
  readonly mappedGroups: ReadonlyMap<TaskId, GroupId>;
}

const bySpec = new WeakMap<DagSpec, SpecIndex>();

export function taskOf(spec: DagSpec, taskId: TaskId): TaskSpec | undefined {
  return indexOf(spec).tasks.get(taskId);
}

/** The innermost mapped group around the task. Tasks of one mapped group see each other's value at the own map index. */
export function mappedGroupOf(spec: DagSpec, taskId: TaskId): GroupId | undefined {
  return indexOf(spec).mappedGroups.get(taskId);
}

function indexOf(spec: DagSpec): SpecIndex {
  let index = bySpec.get(spec);
  if (index === undefined) {
    index = { tasks: new Map(spec.tasks.map((task) => [task.taskId, task])), mappedGroups: mappedGroups(spec) };
    bySpec.set(spec, index);
  }
  return index;
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
