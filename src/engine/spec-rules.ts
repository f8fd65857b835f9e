/**
 * @module What a DAG must not be: pure checks of its spec, run when a DAG is loaded. Each message names the DAG, the task and the remedy.
 */
import { KEY_LENGTH_MAX, KEY_PATTERN } from "../model/ids.ts";
import { findCycle, graphOf } from "./graph.ts";
import { isoTimestamp } from "../lib/time-zone.ts";
import { mappedGroupOf } from "./plan.ts";
import type { DagSpec, TaskGroupSpec } from "../model/dag-spec.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import type { TriggerRule } from "../model/trigger-rule.ts";

/** A queue consumer lives 15 minutes; one is kept for the report. */
export const EXECUTION_TIMEOUT_MAX_MS = 14 * 60_000;

const RETENTION_MIN_MS = 24 * 3_600_000;
/** Schedules whose runs never meet: none, one, one behind the other, or made by others. */
const UNTIMED: ReadonlySet<string> = new Set(["none", "once", "continuous", "assets"]);

type Check = (spec: DagSpec) => string[];

/** One sentence for each broken rule; empty for a good spec. */
export function specErrors(spec: DagSpec): string[] {
  return CHECKS.flatMap((check) => check(spec)).map((message) => `DAG ${spec.dagId}: ${message}`);
}

const keys: Check = (spec) => {
  const ids: (readonly [string, string])[] = [
    ["The DAG id", spec.dagId],
    ...spec.tasks.map((task) => ["Task id", task.taskId] as const),
    ...spec.groups.map((group) => ["Group id", group.groupId] as const),
  ];
  return ids.flatMap(([what, id]) => {
    if (id.length > KEY_LENGTH_MAX) {
      return [`${what} ${id.slice(0, 40)}... has ${id.length} characters; shorten it to at most ${KEY_LENGTH_MAX}.`];
    }
    return KEY_PATTERN.test(id)
      ? []
      : [`${what} ${JSON.stringify(id)} may hold only letters, digits, "-", "_" and "."; rename it.`];
  });
};

const duplicates: Check = (spec) => {
  const seen = new Set<string>();
  const errors: string[] = [];
  for (const id of [...spec.tasks.map((task) => task.taskId), ...spec.groups.map((group) => group.groupId)]) {
    if (seen.has(id)) errors.push(`The id ${id} is used twice among tasks and groups; rename one of them.`);
    seen.add(id);
  }
  return errors;
};

const upstreamExists: Check = (spec) => {
  const ids = new Set(spec.tasks.map((task) => task.taskId));
  return spec.tasks.flatMap((task) =>
    task.upstream
      .filter((up) => !ids.has(up))
      .map(
        (up) =>
          `Task ${task.taskId} names upstream task ${up}, which the DAG does not have; define it or remove the edge.`,
      ),
  );
};

const cycle: Check = (spec) => {
  const path = findCycle(graphOf(spec));
  if (path === null) return [];
  const names = path.map((task) => spec.tasks[task]?.taskId).join(" >> ");
  return [`Its tasks form a cycle: ${names}. Remove one of these edges.`];
};

const setupRules: Check = (spec) => {
  const setups = new Set(spec.tasks.filter((task) => task.isSetup).map((task) => task.taskId));
  return spec.tasks.flatMap((task) => {
    const setup = task.upstream.find((up) => setups.has(up));
    if (setup === undefined || task.isTeardown || task.triggerRule === "all_success") return [];
    return [
      `Setup tasks must be followed with trigger rule ALL_SUCCESS. Task ${task.taskId} (${task.triggerRule}) is directly behind setup ${setup}: change its rule or put a task between.`,
    ];
  });
};

const FAIL_FAST_RULES: ReadonlySet<TriggerRule> = new Set<TriggerRule>(["all_success", "all_done_setup_success"]);

const failFastRules: Check = (spec) => {
  if (!spec.failFast) return [];
  return spec.tasks
    .filter((task) => !task.isTeardown && !FAIL_FAST_RULES.has(task.triggerRule))
    .map(
      (task) =>
        `failFast allows only trigger rule all_success, but task ${task.taskId} has ${task.triggerRule}; change one of them.`,
    );
};

const nestedExpansion: Check = (spec) => [
  ...spec.tasks
    .filter((task) => task.expand !== null && mappedGroupOf(spec, task.groupId) !== null)
    .map((task) => nestedMessage(`Task ${task.taskId}`, mappedGroupOf(spec, task.groupId))),
  ...spec.groups
    .filter((group) => group.expand !== null && mappedGroupOf(spec, group.parent) !== null)
    .map((group) => nestedMessage(`Group ${group.groupId}`, mappedGroupOf(spec, group.parent))),
];

function nestedMessage(what: string, group: string | null): string {
  return `${what} is expanded inside the expanded group ${group}, which is not supported; expand only one of the two.`;
}

const groupsExist: Check = (spec) => {
  const ids = new Set(spec.groups.map((group) => group.groupId));
  const holders: { name: string; group: string | null }[] = [
    ...spec.tasks.map((task: TaskSpec) => ({ name: `Task ${task.taskId}`, group: task.groupId })),
    ...spec.groups.map((group: TaskGroupSpec) => ({ name: `Group ${group.groupId}`, group: group.parent })),
  ];
  return holders
    .filter(({ group }) => group !== null && !ids.has(group))
    .map(({ name, group }) => `${name} is in group ${group}, which the DAG does not have; define the group.`);
};

const timeouts: Check = (spec) =>
  spec.tasks
    .filter((task) => task.executionTimeoutMs > EXECUTION_TIMEOUT_MAX_MS)
    .map(
      (task) =>
        `Task ${task.taskId} has an executionTimeout of ${Math.round(task.executionTimeoutMs / 60_000)} min, but a Worker runs a task for at most 14 min; split the task, or start a Workflow or a Container from it and wait with a sensor.`,
    );

const schedule: Check = (spec) => {
  const errors: string[] = [];
  if (spec.schedule.kind === "continuous" && spec.maxActiveRuns !== 1) {
    errors.push(`Schedule @continuous needs maxActiveRuns 1, not ${spec.maxActiveRuns}; set it.`);
  }
  if (spec.overlap !== undefined && (spec.catchup || UNTIMED.has(spec.schedule.kind))) {
    errors.push(
      `overlap "${spec.overlap}" needs a schedule of times without catchup; drop it, or ${spec.catchup ? "catchup" : "give such a schedule"}.`,
    );
  }
  if (typeof spec.retentionMs === "number" && spec.retentionMs < RETENTION_MIN_MS)
    errors.push("retention is shorter than a day, and history is cleaned once a day; give at least 1d.");
  if (spec.catchup && spec.startDate === null) {
    errors.push("catchup needs a startDate from which to catch up; give one or turn catchup off.");
  }
  // A moving start (`daysAgo`) may come to lie behind any end date: then there are no more runs.
  if (typeof spec.startDate === "number" && spec.endDate !== null && spec.endDate < spec.startDate) {
    errors.push(
      `endDate ${isoTimestamp(spec.endDate)} lies before startDate ${isoTimestamp(spec.startDate)}: it would never run; exchange or correct them.`,
    );
  }
  return errors;
};

const CHECKS: readonly Check[] = [
  keys,
  duplicates,
  upstreamExists,
  groupsExist,
  cycle,
  setupRules,
  failFastRules,
  nestedExpansion,
  timeouts,
  schedule,
];
