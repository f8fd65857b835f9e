/**
 * @module A branch or short circuit directly above has decided against this task, and its answer stands.
 */
import { standingExclusion } from "../branching.ts";
import type { Dep } from "./dep.ts";

export const notPreviouslySkippedDep: Dep = ({ run, index, plan, instance }) => {
  if (plan.deciders.length === 0) return undefined;
  const decider = standingExclusion(run, index, instance);
  return {
    dep: "Not Previously Skipped",
    passed: decider === undefined,
    reason:
      decider === undefined
        ? "No branch or short circuit above has decided against this task."
        : `Task ${decider.spec.taskId} has decided against this task. Clear ${decider.spec.taskId} too to let it decide again.`,
  };
};
