/**
 * @module Builds what a driver gets for its attempts: the orders, and the upstream XComs they name, each once for the whole batch.
 */
import type { AttemptBatch, AttemptOrder, XComEntry } from "../../model/protocol.ts";
import { parseAttemptToken, attemptToken } from "../../model/ids.ts";
import { readXComsWithin } from "./xcom-rows.ts";
import type { ArgExpr } from "../../model/arg-expr.ts";
import type { AttemptToken } from "../../model/ids.ts";
import type { LeaseSettings } from "../../model/event.ts";
import type { LiveRun } from "./live-run.ts";
import type { Sql } from "./sql.ts";
import type { TaskInstance } from "../../model/task-instance.ts";
import type { TaskInstanceState } from "../../model/state.ts";
import type { TaskSpec } from "../../model/task-spec.ts";
import { assert } from "../../lib/assert.ts";
import { followerNonce, followerOf } from "../../engine/dag-run/segment.ts";
import { expandRefs, mappedIndexes } from "./mapped-attempt.ts";

/** Characters of XComs that travel with a batch; the rest is read in pages by those who need it. */
const INLINE_CHARACTERS_MAX = 256_000;
/** No stored value is shorter: with less room nothing more is looked for. */
const XCOM_CHARACTERS_MIN = 24;
/** Above this many upstream tasks their states are not sent along. */
const UPSTREAM_STATES_MAX = 100;

/** Tasks that one driver may run behind each other before it reports. */
const SEGMENT_TASKS_MAX = 20;

/** What attempts of one run read from upstream: one producer and key, of all its instances or of one map index. */
export interface XComRef {
  readonly taskId: string;
  readonly key: string;
  /** Ords of the producer's instances to read. */
  readonly ords: readonly number[];
}

/** What of the object's host a batch is made from. */
export interface BatchSource {
  readonly sql: Sql;
  readonly leases: LeaseSettings;
  /** False: drivers take nothing along, not even the next task of a segment. */
  readonly handsOff: boolean;
}

/** The batch for attempts that are `running` for the caller, or null for none. */
export function attemptBatch(source: BatchSource, live: LiveRun, ords: readonly number[]): AttemptBatch | null {
  if (ords.length === 0) return null;
  const { sql, leases } = source;
  const { run, tasks } = live;
  const refs = new Map<string, XComRef>();
  const attempts = ords.map((ord) => {
    const instance = run.instances[ord];
    const task = instance === undefined ? undefined : run.spec.tasks[instance.task];
    assert(instance !== undefined && task !== undefined, `instance ${ord} of run ${run.head.runId} does not exist`);
    collectRefs(live, task, instance, refs);
    const order = attemptOrder(live, task, instance);
    const next = source.handsOff ? segmentBehind(live, ord, instance.nonce, refs) : undefined;
    return next === undefined ? order : { ...order, next };
  });
  return {
    head: { ...run.head },
    attempts,
    ...readRefs(sql, live, [...refs.values()]),
    mappedTasks: tasks.mappedTasks(),
    leaseMs: leases.runningMs,
    heartbeatMs: leases.heartbeatMs,
  };
}

/** Orders for the tasks of the linear segment behind an attempt, each in the one before; what they read beside each other joins `refs`. */
function segmentBehind(
  live: LiveRun,
  ord: number,
  nonce: number,
  refs: Map<string, XComRef>,
  depth = 1,
): AttemptOrder | undefined {
  const { run } = live;
  const follower = depth > SEGMENT_TASKS_MAX ? undefined : followerOf(run, ord);
  const task = follower === undefined ? undefined : run.spec.tasks[follower.task];
  if (follower === undefined || task === undefined) return undefined;
  const agreed = followerNonce(nonce);
  const opened = { ...follower, nonce: agreed, tryNumber: follower.tryNumber + 1 };
  collectRefs(live, task, follower, refs);
  // It runs only after the success of the task before it, the only one it waits for.
  const states = Object.fromEntries(task.upstream.map((taskId) => [taskId, "success" as const]));
  const order = { ...attemptOrder(live, task, opened), upstreamStates: states };
  const next = segmentBehind(live, follower.ord, agreed, refs, depth + 1);
  return next === undefined ? order : { ...order, next };
}

/** Ords of those tokens that are open and `running`: a repeated call gets only what nobody has finished meanwhile. */
export function runningOrds(live: LiveRun, tokens: readonly AttemptToken[]): number[] {
  return tokens.flatMap((token) => {
    const ord = openOrd(live, token);
    return ord !== undefined && live.run.instances[ord]?.state === "running" ? [ord] : [];
  });
}

/** The instance whose open attempt has this token. */
export function openOrd(live: LiveRun, token: AttemptToken): number | undefined {
  const parsed = parseAttemptToken(token);
  if (parsed === undefined || parsed.incarnation !== live.run.head.incarnation) return undefined;
  const instance = live.run.instances[parsed.ord];
  return instance !== undefined && instance.nonce !== 0 && instance.nonce === parsed.nonce ? instance.ord : undefined;
}

export function tokenOf(live: LiveRun, ord: number): AttemptToken {
  return attemptToken(live.run.head.incarnation, ord, live.run.instances[ord]?.nonce ?? 0);
}

function attemptOrder(live: LiveRun, task: TaskSpec, instance: TaskInstance): AttemptOrder {
  const { sensor, upstream } = task;
  const deferral = live.run.facts.get(instance.ord)?.deferral;
  return {
    token: attemptToken(live.run.head.incarnation, instance.ord, instance.nonce),
    taskId: task.taskId,
    mapIndex: instance.mapIndex,
    tryNumber: instance.tryNumber,
    maxTries: instance.maxTries,
    kind: task.kind,
    args: task.args,
    mapped: mappedIndexes(live, task, instance),
    reportLengths: task.reportLengths,
    multipleOutputs: task.multipleOutputs,
    doXcomPush: task.doXcomPush,
    executionTimeoutMs: task.executionTimeoutMs,
    sensor: sensor === null ? null : { ...sensor, firstPokedAt: instance.firstPokedAt, pokes: instance.pokes },
    queuedAt: instance.queuedAt,
    ...(deferral === undefined ? {} : { deferral }),
    ...(upstream.length > UPSTREAM_STATES_MAX ? {} : { upstreamStates: upstreamStates(live, task, instance) }),
  };
}

/** State per upstream task; of a mapped one the own map index inside one mapped group, else the worst of its instances. */
function upstreamStates(
  live: LiveRun,
  task: TaskSpec,
  instance: TaskInstance,
): Readonly<Record<string, TaskInstanceState>> {
  const worstFirst: readonly TaskInstanceState[] = ["failed", "upstream_failed", "skipped", "removed", "success"];
  return Object.fromEntries(
    task.upstream.map((taskId) => {
      const states = producerOrds(live, task, instance, taskId).map((ord) => live.run.instances[ord]?.state ?? "none");
      return [taskId, worstFirst.find((state) => states.includes(state)) ?? states[0] ?? "none"];
    }),
  );
}

function collectRefs(live: LiveRun, task: TaskSpec, instance: TaskInstance, refs: Map<string, XComRef>): void {
  const named: { taskId: string; key: string }[] = [];
  for (const expr of Object.values(task.args)) collectNamed(expr, named);
  for (const expr of expandRefs(live, task)) collectNamed(expr, named);
  for (const { taskId, key } of named) {
    const ords = producerOrds(live, task, instance, taskId);
    const name = `${taskId}/${key}/${ords.length === 1 ? ords[0] : "all"}`;
    if (ords.length > 0 && !refs.has(name)) refs.set(name, { taskId, key, ords });
  }
}

/** Instances of `taskId` that this attempt reads: its own map index when both stand in one mapped group, else all. */
function producerOrds(live: LiveRun, task: TaskSpec, instance: TaskInstance, taskId: string): readonly number[] {
  const { run, tasks } = live;
  const producer = run.spec.tasks[tasks.indexOf(taskId) ?? -1];
  if (producer === undefined) return [];
  const group = tasks.mappedGroupOf(task);
  if (group === undefined || tasks.mappedGroupOf(producer) !== group) return tasks.ordsOf(taskId);
  const ord = tasks.ordOf(taskId, instance.mapIndex);
  return ord === undefined ? [] : [ord];
}

function collectNamed(expr: ArgExpr, named: { taskId: string; key: string }[]): void {
  switch (expr.kind) {
    case "xcom":
      named.push({ taskId: expr.taskId, key: expr.key });
      return;
    case "list":
      for (const item of expr.items) collectNamed(item, named);
      return;
    case "object":
      for (const item of Object.values(expr.entries)) collectNamed(item, named);
      return;
    case "zip":
    case "concat":
      for (const item of expr.of) collectNamed(item, named);
      if (expr.kind === "zip" && expr.fill !== undefined) collectNamed(expr.fill, named);
      return;
    case "map":
      collectNamed(expr.of, named);
      return;
    default:
  }
}

/** All values of a producer and key, or none of them: a driver that finds a part would take it for the whole. */
function readRefs(sql: Sql, live: LiveRun, refs: readonly XComRef[]): Pick<AttemptBatch, "xcoms" | "xcomsLeftOut"> {
  const xcoms: XComEntry[] = [];
  const leftOut = new Map<string, { taskId: string; key: string }>();
  let left = INLINE_CHARACTERS_MAX;
  /** False: too long for what is left. */
  const take = (key: string, some: readonly XComRef[]): boolean => {
    const taskOf = new Map(some.flatMap(({ taskId, ords }) => ords.map((ord) => [ord, taskId] as const)));
    const found = readXComsWithin(sql, [...taskOf.keys()], key, left);
    if (found === null) return false;
    left -= found.characters;
    for (const { ord, value } of found.rows)
      xcoms.push({ taskId: taskOf.get(ord) ?? "", key, mapIndex: live.run.instances[ord]?.mapIndex ?? -1, value });
    return true;
  };
  // Together when they fit, else by halves: a join of 10,000 tasks names 10,000 producers.
  const takeOrLeave = (key: string, some: readonly XComRef[]): void => {
    if (left > XCOM_CHARACTERS_MIN && take(key, some)) return;
    if (left <= XCOM_CHARACTERS_MIN || some.length === 1) {
      for (const { taskId } of some) leftOut.set(`${taskId}/${key}`, { taskId, key });
      return;
    }
    const half = Math.ceil(some.length / 2);
    takeOrLeave(key, some.slice(0, half));
    takeOrLeave(key, some.slice(half));
  };
  for (const [key, some] of Map.groupBy(refs, (ref) => ref.key)) takeOrLeave(key, some);
  return { xcoms, xcomsLeftOut: [...leftOut.values()] };
}
