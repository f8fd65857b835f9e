/**
 * @module A deferred task waits for its trigger.
 */
import { secondsUntil } from "./dep.ts";
import type { Dep } from "./dep.ts";

export const deferralDep: Dep = ({ run, instance, now }) => {
  if (instance.state !== "deferred") return undefined;
  const kind = run.facts.get(instance.ord)?.deferral?.trigger.kind ?? "unknown";
  return {
    dep: "Deferral",
    passed: instance.dueAt <= now,
    reason: `Deferred with a ${kind} trigger, which is looked at in ${secondsUntil(instance.dueAt, now)} s, or when it fires.`,
  };
};
