/**
 * @module Orders of attempts for a run that lives in memory: what the run's Durable Object makes from its rows.
 */
import type { DagRun } from "../model/dag-run.ts";
import { type AttemptToken, attemptToken } from "../model/ids.ts";
import type { AttemptOrder } from "../model/protocol.ts";
import type { TaskInstanceState } from "../model/state.ts";
import type { TaskInstance } from "../model/task-instance.ts";
import type { TaskSpec } from "../model/task-spec.ts";
import { mappedGroupOf } from "../runtime/spec-index.ts";

export function tokenOf(run: DagRun, instance: TaskInstance): AttemptToken {
  return attemptToken(run.head.incarnation, instance.ord, instance.nonce);
}

/** The order of an instance whose attempt is open. */
export function attemptOrder(run: DagRun, task: TaskSpec, instance: TaskInstance): AttemptOrder {
  const { sensor } = task;
  const deferral = run.facts.get(instance.ord)?.deferral;
  return {
    token: tokenOf(run, instance),
    taskId: task.taskId,
    mapIndex: instance.mapIndex,
    tryNumber: instance.tryNumber,
    maxTries: instance.maxTries,
    kind: task.kind,
    args: task.args,
    mapped: mappedOrder(run, task, instance),
    reportLengths: task.reportLengths,
    multipleOutputs: task.multipleOutputs,
    doXcomPush: task.doXcomPush,
    executionTimeoutMs: task.executionTimeoutMs,
    sensor: sensor === null ? null : { ...sensor, firstPokedAt: instance.firstPokedAt, pokes: instance.pokes },
    queuedAt: instance.queuedAt,
    ...(deferral === undefined ? {} : { deferral }),
    upstreamStates: upstreamStates(run, task),
  };
}

function mappedOrder(run: DagRun, task: TaskSpec, instance: TaskInstance): AttemptOrder["mapped"] {
  const groupId = mappedGroupOf(run.spec, task.taskId) ?? null;
  const group = run.spec.groups.find((candidate) => candidate.groupId === groupId);
  const expand = task.expand ?? group?.expand ?? null;
  if (expand === null || instance.mapIndex < 0) return null;
  const first = run.instances.find((other) => other.task === instance.task);
  const lengths = (first === undefined ? undefined : run.facts.get(first.ord)?.expandedBy) ?? {};
  return {
    expand,
    indexes: elementIndexes(lengths, instance.mapIndex),
    groupId: task.expand === null ? groupId : null,
  };
}

/** Element index per key: the first key varies slowest, as in Airflow. */
function elementIndexes(lengths: Readonly<Record<string, number>>, mapIndex: number): Record<string, number> {
  const indexes: Record<string, number> = {};
  let rest = mapIndex;
  for (const [key, length] of Object.entries(lengths).toReversed()) {
    indexes[key] = rest % Math.max(1, length);
    rest = Math.floor(rest / Math.max(1, length));
  }
  return indexes;
}

/** The worst state of each upstream task's instances. */
function upstreamStates(run: DagRun, task: TaskSpec): Readonly<Record<string, TaskInstanceState>> {
  const worstFirst: readonly TaskInstanceState[] = ["failed", "upstream_failed", "skipped", "removed", "success"];
  const wanted = new Map(run.spec.tasks.map(({ taskId }, index) => [index, taskId]));
  const states = new Map<string, TaskInstanceState[]>(task.upstream.map((taskId) => [taskId, []]));
  for (const instance of run.instances) states.get(wanted.get(instance.task) ?? "")?.push(instance.state);
  return Object.fromEntries(
    [...states].map(([taskId, found]) => [
      taskId,
      worstFirst.find((state) => found.includes(state)) ?? found[0] ?? "none",
    ]),
  );
}
