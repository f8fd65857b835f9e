/**
 * @module A queued attempt waits for a worker to claim it.
 */
import { secondsUntil } from "./dep.ts";
import type { Dep } from "./dep.ts";

export const workerDep: Dep = ({ instance, plan, now }) => {
  if (instance.state !== "queued") return undefined;
  const seconds = secondsUntil(instance.dueAt, now);
  return {
    dep: "Worker",
    passed: false,
    reason: `Sent ${instance.sends} time(s) to queue "${plan.spec.queue}" and not claimed by a worker yet; it is sent again in ${seconds} s.`,
  };
};
