/**
 * @module The limits of a task, as the plan of its DAG has them.
 */
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { SlotLimit } from "../../src/model/slot.ts";
import { planOf } from "../../src/engine/plan.ts";

export function limitsOf(spec: DagSpec, task: number): readonly SlotLimit[] {
  return planOf(spec).tasks[task]?.limits ?? [];
}
