/**
 * @module Limits across runs (Airflow's Pool Slots Available, and `max_active_tis_per_dag` of its Task Concurrency): what the limit said when it was last asked.
 */
import { lacksSlots } from "../dag-run/run-index.ts";
import type { Dep } from "./dep.ts";

export const slotsAvailableDep: Dep = ({ index, plan, instance }) => {
  const limit = plan.limits[instance.slotsHeld];
  if (limit === undefined || !lacksSlots(index, instance)) return undefined;
  const dep = limit.name.startsWith("pool:") ? "Pool Slots Available" : "Task Concurrency";
  const asked = index.asking.has(instance.ord)
    ? `Has asked ${limit.name} for ${limit.slots} slot(s) and got no answer yet.`
    : `Has not asked ${limit.name} yet: others of this run go first.`;
  return { dep, passed: false, reason: index.slotReasons.get(instance.ord) ?? asked };
};
