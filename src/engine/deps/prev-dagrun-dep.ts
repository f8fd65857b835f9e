/**
 * @module `depends_on_past`: the same task of the run before must have succeeded or been skipped.
 */
import type { Dep } from "./dep.ts";

export const prevDagrunDep: Dep = ({ run, plan }) => {
  if (!plan.watchesPast) return undefined;
  const answer = run.watched.get(plan.spec.taskId);
  return {
    dep: "Previous Dagrun State",
    passed: answer?.passed === true,
    reason: answer?.reason ?? "depends_on_past: the answer about the run before has not come yet.",
  };
};
