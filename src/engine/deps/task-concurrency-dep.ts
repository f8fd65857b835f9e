/**
 * @module The task's `max_active_tis_per_dagrun`.
 */
import type { Dep } from "./dep.ts";

export const taskConcurrencyDep: Dep = ({ index, plan }) => {
  const limit = plan.spec.maxActiveTisPerDagrun;
  if (limit === null) return undefined;
  const active = index.tasks[plan.index]?.active ?? 0;
  return {
    dep: "Task Concurrency",
    passed: active < limit,
    reason: `${active} of ${limit} (max_active_tis_per_dagrun) instances of this task are queued or running.`,
  };
};
