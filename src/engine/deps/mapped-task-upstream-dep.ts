/**
 * @module A mapped task needs the values that it is mapped over.
 */
import { lengthsOf } from "../dag-run/expand.ts";
import { mapSourceDecision } from "../dag-run/decide.ts";
import type { Dep } from "./dep.ts";

export const mappedTaskUpstreamDep: Dep = ({ run, index, plan, instance }) => {
  if (plan.expand === null || instance.mapIndex >= 0) return undefined;
  const dep = "Mapped Dependencies";
  const sources = plan.mapSources.map((source) => index.plan.tasks[source]?.spec.taskId).join(", ");
  if (mapSourceDecision(run, index, plan) !== undefined) {
    return { dep, passed: false, reason: `A task that it is mapped over (${sources}) has not succeeded.` };
  }
  const lengths = lengthsOf(run, index, plan.expand);
  if (lengths === "unmappable") {
    return { dep, passed: false, reason: "It is mapped over a value that is neither a list nor an object." };
  }
  if (lengths === "unknown") {
    return { dep, passed: false, reason: `The values that it is mapped over are not there yet (from ${sources}).` };
  }
  return { dep, passed: true, reason: "The values that it is mapped over are there." };
};
