/**
 * @module A failed try waits for its retry delay.
 */
import { secondsUntil } from "./dep.ts";
import type { Dep } from "./dep.ts";

export const notInRetryPeriodDep: Dep = ({ instance, now }) => {
  if (instance.state !== "up_for_retry") return undefined;
  const seconds = secondsUntil(instance.dueAt, now);
  return {
    dep: "Not In Retry Period",
    passed: instance.dueAt <= now,
    reason: `Try ${instance.tryNumber} of ${instance.maxTries} failed; the next one starts in ${seconds} s.`,
  };
};
