/**
 * @module A sensor waits for its next poke.
 */
import { secondsUntil } from "./dep.ts";
import type { Dep } from "./dep.ts";

export const readyToRescheduleDep: Dep = ({ instance, now }) => {
  if (instance.state !== "up_for_reschedule") return undefined;
  return {
    dep: "Ready To Reschedule",
    passed: instance.dueAt <= now,
    reason: `Poked ${instance.pokes} time(s) without success; the next poke is in ${secondsUntil(instance.dueAt, now)} s.`,
  };
};
