/**
 * @module The instance must be in a state from which it can be scheduled.
 */
import { FINISHED_STATES, SCHEDULEABLE_STATES } from "../../model/state.ts";
import type { Dep } from "./dep.ts";

export const taskInstanceStateDep: Dep = ({ instance }) => {
  const { state } = instance;
  const passed = SCHEDULEABLE_STATES.has(state) || state === "scheduled";
  const reason = FINISHED_STATES.has(state)
    ? `The task instance has ended as ${state}. Clear it to run it again.`
    : `The task instance is in state ${state}.`;
  return { dep: "Task Instance State", passed, reason };
};
