/**
 * @module Tasks of a DAG on the wire.
 */
import { nullableDate, nullableText, wireDateOrNull } from "./wire-value.ts";
import { startOf } from "./dags.ts";
import * as z from "zod/mini";
import type { DagSpec } from "../../model/dag-spec.ts";
import type { TaskSpec } from "../../model/task-spec.ts";

export const TimeDelta = z.object({
  __type: z.literal("TimeDelta"),
  days: z.int(),
  seconds: z.int(),
  microseconds: z.int(),
});

export const TaskResponse = z.object({
  task_id: nullableText,
  task_display_name: nullableText,
  owner: nullableText,
  start_date: nullableDate,
  end_date: nullableDate,
  trigger_rule: nullableText,
  depends_on_past: z.boolean(),
  wait_for_downstream: z.boolean(),
  retries: z.nullable(z.number()),
  queue: nullableText,
  pool: nullableText,
  pool_slots: z.nullable(z.number()),
  execution_timeout: z.nullable(TimeDelta),
  retry_delay: z.nullable(TimeDelta),
  retry_exponential_backoff: z.number(),
  priority_weight: z.nullable(z.number()),
  weight_rule: nullableText,
  ui_color: nullableText,
  ui_fgcolor: nullableText,
  template_fields: z.nullable(z.array(z.string())),
  downstream_task_ids: z.nullable(z.array(z.string())),
  doc_md: nullableText,
  operator_name: nullableText,
  params: z.nullable(z.record(z.string(), z.unknown())),
  class_ref: z.nullable(z.record(z.string(), z.unknown())),
  is_mapped: z.nullable(z.boolean()),
  extra_links: z.array(z.string()),
});

export const TaskCollectionResponse = z.object({ tasks: z.array(TaskResponse), total_entries: z.int() });

/** Airflow's default order of this list. */
export const taskListQuery = z.object({ order_by: z.optional(z.string()) });

export function taskResponse(spec: DagSpec, task: TaskSpec, now: number): z.infer<typeof TaskResponse> {
  return {
    task_id: task.taskId,
    task_display_name: task.displayName ?? task.taskId,
    owner: task.owner,
    start_date: wireDateOrNull(startOf(spec, now)),
    end_date: wireDateOrNull(spec.endDate),
    trigger_rule: task.triggerRule,
    depends_on_past: task.dependsOnPast,
    wait_for_downstream: task.waitForDownstream,
    retries: task.retries,
    queue: task.queue,
    pool: task.pool,
    pool_slots: task.poolSlots,
    execution_timeout: timeDelta(task.executionTimeoutMs),
    retry_delay: timeDelta(task.retryDelayMs),
    retry_exponential_backoff: task.retryExponentialBackoff,
    priority_weight: task.priorityWeight,
    weight_rule: task.weightRule,
    ui_color: task.kind === "empty" ? "#e8f7e4" : "#ffefeb",
    ui_fgcolor: "#000",
    template_fields: [],
    downstream_task_ids: spec.tasks
      .filter((other) => other.upstream.includes(task.taskId))
      .map((other) => other.taskId)
      .toSorted(),
    doc_md: task.docMd,
    operator_name: task.operatorName,
    params: { ...task.params },
    class_ref: { module_path: "airflare", class_name: task.operatorName },
    is_mapped: isMapped(spec, task),
    extra_links: [],
  };
}

/** Mapped itself, or inside a mapped group. */
export function isMapped(spec: DagSpec, task: TaskSpec): boolean {
  if (task.expand !== null) return true;
  for (let id = task.groupId; id !== null;) {
    const group = spec.groups.find((candidate) => candidate.groupId === id);
    if (group === undefined) return false;
    if (group.expand !== null) return true;
    id = group.parent;
  }
  return false;
}

const DAY_MS = 86_400_000;

function timeDelta(ms: number): z.infer<typeof TimeDelta> {
  return {
    __type: "TimeDelta",
    days: Math.floor(ms / DAY_MS),
    seconds: Math.floor((ms % DAY_MS) / 1000),
    microseconds: (ms % 1000) * 1000,
  };
}
