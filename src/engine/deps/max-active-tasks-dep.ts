/**
 * @module The run's `max_active_tasks`.
 */
import type { Dep } from "./dep.ts";

export const maxActiveTasksDep: Dep = ({ run, index }) => {
  const limit = run.spec.maxActiveTasks;
  if (limit <= 0) return undefined;
  return {
    dep: "Max Active Tasks",
    passed: index.active < limit,
    reason: `${index.active} of ${limit} (max_active_tasks) task instances of this run are queued or running.`,
  };
};
