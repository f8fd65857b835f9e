/**
 * @module A slow, obvious judge of when a task instance may run: looks at lists of states, knows nothing of counters. Written against Airflow's
 * documentation of the rules, not against `src/engine`.
 */
import type { DagRun } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { TaskInstance } from "../../src/model/task-instance.ts";
import type { TaskInstanceState } from "../../src/model/state.ts";
import type { TaskSpec } from "../../src/model/task-spec.ts";

export type Verdict = "run" | "wait" | "skipped" | "upstream_failed" | "removed" | "expand";

const FINISHED: readonly TaskInstanceState[] = ["success", "failed", "skipped", "upstream_failed", "removed"];
const BAD: readonly TaskInstanceState[] = ["failed", "upstream_failed"];

/** What should happen to an instance that could be scheduled. */
export function judge(run: DagRun, instance: TaskInstance): Verdict {
  const { spec } = run;
  const task = taskOf(spec, instance.task);
  if (isExcluded(run, task, instance)) return "skipped";
  const rule = judgeRule(run, task, instance);
  const sources = mapSources(spec, task).map((id) => placeholderState(run, id));
  if (rule !== "upstream_failed" && sources.some((state) => state !== undefined && BAD.includes(state))) {
    return "upstream_failed";
  }
  if (rule !== "upstream_failed" && sources.includes("skipped")) return "skipped";
  if (rule === "run" && isMapped(spec, task) && instance.mapIndex < 0) return "expand";
  return rule;
}

function judgeRule(run: DagRun, task: TaskSpec, instance: TaskInstance): Verdict {
  if (task.upstream.length === 0 || (task.triggerRule === "always" && !task.isTeardown)) return "run";
  if (isExpandedFirst(run, task, instance)) return "run";
  const seen = task.upstream.flatMap((id) => relevant(run, task, instance, id).map((other) => ({ id, other })));
  const setups = indirectSetups(run.spec, task).flatMap((id) => relevant(run, task, instance, id));
  const states = seen.map(({ other }) => other.state);
  const setupStates = setups.map((other) => other.state);
  if (setupStates.some((state) => BAD.includes(state))) return "upstream_failed";
  if (setupStates.includes("skipped")) return "skipped";
  const blocking = setupStates.filter(
    (state) => state !== "success" && !(state === "removed" && instance.mapIndex >= 0),
  );
  if (blocking.length > 0) return "wait";
  if (states.length === 0) return "run";
  const direct = setupsAndStates(run.spec, seen);
  const verdict = verdictOf(task, states, direct, instance.mapIndex);
  if (verdict !== "run" || !task.isTeardown) return verdict;
  const scope = inScope(run.spec, task).flatMap((id) => relevant(run, task, instance, id));
  return scope.every((other) => FINISHED.includes(other.state)) ? "run" : "wait";
}

const NEEDS_OWN_INDEX = [
  "all_failed",
  "all_skipped",
  "one_success",
  "one_failed",
  "one_done",
  "none_failed_min_one_success",
  "all_done_min_one_success",
  "all_done_setup_success",
];

/** A placeholder in a mapped group whose rule asks for one upstream instance of the own index: first it must have one. */
function isExpandedFirst(run: DagRun, task: TaskSpec, instance: TaskInstance): boolean {
  const rule = task.isTeardown ? "all_done_setup_success" : task.triggerRule;
  if (instance.mapIndex >= 0 || task.groupId === null || !NEEDS_OWN_INDEX.includes(rule)) return false;
  return task.upstream.some(
    (id) => byId(run.spec, id).groupId === task.groupId && placeholderState(run, id) === undefined,
  );
}

function setupsAndStates(
  spec: DagSpec,
  seen: readonly { readonly id: string; readonly other: TaskInstance }[],
): TaskInstanceState[] {
  return seen.filter(({ id }) => byId(spec, id).isSetup).map(({ other }) => other.state);
}

function verdictOf(
  task: TaskSpec,
  states: readonly TaskInstanceState[],
  setups: readonly TaskInstanceState[],
  mapIndex: number,
): Verdict {
  const has = (...wanted: TaskInstanceState[]): boolean => states.some((state) => wanted.includes(state));
  const only = (...wanted: TaskInstanceState[]): boolean => states.every((state) => wanted.includes(state));
  const done = only(...FINISHED);
  const succeeded = states.filter((state) => state === "success").length;
  const when = (met: boolean): Verdict => (met ? "run" : "wait");
  if (task.isTeardown) {
    if (!done) return "wait";
    if (setups.length === 0 || setups.includes("success")) return "run";
    return setups.every((state) => state === "skipped") ? "skipped" : "upstream_failed";
  }
  switch (task.triggerRule) {
    case "all_success":
      if (has(...BAD)) return "upstream_failed";
      if (has("skipped")) return "skipped";
      if (has("removed") && succeeded > 0 && mapIndex >= succeeded) return "removed";
      return when(only("success", "removed"));
    case "all_failed":
      return has("success", "skipped") ? "skipped" : when(only(...BAD, "removed"));
    case "all_done":
      return when(done);
    case "all_skipped":
      return has("success", ...BAD) ? "skipped" : when(only("skipped"));
    case "one_success":
      if (has("success")) return "run";
      if (!done) return "wait";
      return only("skipped") ? "skipped" : "upstream_failed";
    case "one_failed":
      if (has(...BAD)) return "run";
      return done ? "skipped" : "wait";
    case "one_done":
      if (has("success", "failed")) return "run";
      return done ? "skipped" : "wait";
    case "none_failed":
      return has(...BAD) ? "upstream_failed" : when(only("success", "skipped", "removed"));
    case "none_failed_min_one_success":
      if (has(...BAD)) return "upstream_failed";
      if (only("skipped")) return "skipped";
      if (!done) return "wait";
      return has("success") ? "run" : "upstream_failed";
    case "none_skipped":
      return has("skipped") ? "skipped" : when(done);
    case "all_done_min_one_success":
      if (has("skipped")) return "skipped";
      if (!done) return "wait";
      return has("success") ? "run" : "upstream_failed";
    case "all_done_setup_success":
      if (!done) return "wait";
      if (setups.length === 0 || setups.includes("success")) return "run";
      return setups.every((state) => state === "skipped") ? "skipped" : "upstream_failed";
    case "always":
      return "run";
  }
}

/** Upstream instances that matter: of the same mapped group the own index and an unexpanded one, of others all. */
function relevant(run: DagRun, task: TaskSpec, instance: TaskInstance, upstream: string): TaskInstance[] {
  const isTogether = task.groupId !== null && task.groupId === byId(run.spec, upstream).groupId;
  return run.instances.filter(
    (other) =>
      taskOf(run.spec, other.task).taskId === upstream &&
      (!isTogether || other.mapIndex < 0 || other.mapIndex === instance.mapIndex),
  );
}

function isExcluded(run: DagRun, task: TaskSpec, instance: TaskInstance): boolean {
  return task.upstream.some((id) => {
    const decider = byId(run.spec, id);
    const isTogether = decider.groupId !== null && decider.groupId === task.groupId;
    if (isMapped(run.spec, decider) && !isTogether) return false;
    const wanted = isMapped(run.spec, decider) ? instance.mapIndex : -1;
    const ti = run.instances.find((other) => taskOf(run.spec, other.task).taskId === id && other.mapIndex === wanted);
    if (ti?.state !== "success") return false;
    const facts = run.facts.get(ti.ord);
    if (facts?.follow !== undefined) return !facts.follow.includes(task.taskId);
    return facts?.shortCircuited === true && !task.isTeardown;
  });
}

function indirectSetups(spec: DagSpec, task: TaskSpec): string[] {
  if (task.isTeardown) return [];
  const below = descendants(spec, task.taskId);
  return ancestors(spec, task.taskId).filter((id) => {
    if (!byId(spec, id).isSetup || task.upstream.includes(id)) return false;
    const teardowns = spec.tasks.filter((other) => other.isTeardown && other.upstream.includes(id));
    return teardowns.length === 0 || teardowns.some((teardown) => below.includes(teardown.taskId));
  });
}

function inScope(spec: DagSpec, teardown: TaskSpec): string[] {
  const setups = teardown.upstream.filter((id) => byId(spec, id).isSetup);
  const above = ancestors(spec, teardown.taskId).filter((id) => !teardown.upstream.includes(id));
  return above.filter((id) => setups.some((setup) => descendants(spec, setup).includes(id)));
}

function ancestors(spec: DagSpec, id: string): string[] {
  const direct = byId(spec, id).upstream;
  return [...new Set([...direct, ...direct.flatMap((up) => ancestors(spec, up))])];
}

function descendants(spec: DagSpec, id: string): string[] {
  return spec.tasks.map((task) => task.taskId).filter((other) => ancestors(spec, other).includes(id));
}

function mapSources(spec: DagSpec, task: TaskSpec): string[] {
  const expand = task.expand ?? spec.groups.find((group) => group.groupId === task.groupId)?.expand ?? null;
  if (expand?.kind !== "product") return [];
  return Object.values(expand.over).flatMap((expr) => (expr.kind === "xcom" ? [expr.taskId] : []));
}

function placeholderState(run: DagRun, id: string): TaskInstanceState | undefined {
  return run.instances.find((other) => taskOf(run.spec, other.task).taskId === id && other.mapIndex < 0)?.state;
}

export function isMapped(spec: DagSpec, task: TaskSpec): boolean {
  return task.expand !== null || spec.groups.some((group) => group.groupId === task.groupId && group.expand !== null);
}

export function taskOf(spec: DagSpec, index: number): TaskSpec {
  const task = spec.tasks[index];
  if (task === undefined) throw new Error(`no task ${index}`);
  return task;
}

function byId(spec: DagSpec, id: string): TaskSpec {
  const task = spec.tasks.find((other) => other.taskId === id);
  if (task === undefined) throw new Error(`no task ${id}`);
  return task;
}
