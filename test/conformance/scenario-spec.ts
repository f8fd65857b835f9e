/**
 * @module A scenario of the conformance data as a `DagSpec`: group edges spread over roots and leaves, inputs as expressions, mapping, sensors.
 */
import { RETURN_KEY } from "../../src/model/xcom.ts";
import { aDagSpec, aTaskSpec } from "../support/spec-builders.ts";
import type { ArgExpr, ExpandSpec } from "../../src/model/arg-expr.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { TaskKind, TaskSpec } from "../../src/model/task-spec.ts";
import type { TriggerRule } from "../../src/model/trigger-rule.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export interface SensorBehaviour {
  readonly false_times?: number;
  readonly mode?: "poke" | "reschedule";
  readonly timeout?: number;
  readonly soft_fail?: boolean;
  readonly raises?: boolean;
  readonly raises_skip?: boolean;
}

export interface ScenarioTask {
  readonly id: string;
  readonly upstream: readonly string[];
  readonly behaviour: Json;
  readonly trigger_rule?: TriggerRule;
  readonly retries?: number;
  readonly is_setup?: boolean;
  readonly is_teardown?: boolean;
  readonly on_failure_fail_dagrun?: boolean;
  readonly group?: string;
  readonly args?: Readonly<Record<string, Json>>;
  readonly map?: { readonly expand?: Readonly<Record<string, Json>>; readonly expand_kwargs?: Json };
}

export interface ScenarioGroup {
  readonly id: string;
  readonly parent?: string;
  readonly upstream?: readonly string[];
  readonly map?: { readonly expand?: Readonly<Record<string, Json>>; readonly expand_kwargs?: Json };
}

export interface Scenario {
  readonly id: string;
  readonly name: string;
  readonly tasks: readonly ScenarioTask[];
  readonly groups?: readonly ScenarioGroup[];
  readonly fail_fast?: boolean;
}

/** Functions of `map_skip`, by their number: the elements that they skip. */
export type SkipLists = (readonly Json[])[];

/** The scenario's DAG. `skipLists` is filled with the functions of its `map_skip` expressions. */
export function scenarioSpec(scenario: Scenario, skipLists: SkipLists): DagSpec {
  const groups = scenario.groups ?? [];
  const upstream = scenarioEdges(scenario);
  const sources = new Set([...scenario.tasks, ...groups].flatMap((mapped) => [...namedTasks(mapped.map ?? null)]));
  const tasks = scenario.tasks.map((task): TaskSpec => {
    const kind = kindOf(task.behaviour);
    return aTaskSpec({
      taskId: task.id,
      kind,
      upstream: [...(upstream.get(task.id) ?? [])],
      groupId: task.group ?? null,
      triggerRule: task.trigger_rule ?? "all_success",
      isSetup: task.is_setup === true,
      isTeardown: task.is_teardown === true,
      onFailureFailDagrun: task.on_failure_fail_dagrun === true,
      retries: task.retries ?? 0,
      retryDelayMs: 0,
      args: Object.fromEntries(Object.entries(task.args ?? {}).map(([key, value]) => [key, exprOf(value, skipLists)])),
      expand: expandOf(task.map, skipLists),
      reportLengths: sources.has(task.id) ? [RETURN_KEY] : [],
      ignoreDownstreamTriggerRules: part(task.behaviour, "ignore_downstream_trigger_rules") !== false,
    });
  });
  return aDagSpec({
    dagId: scenario.id,
    failFast: scenario.fail_fast === true,
    maxActiveTasks: 1000,
    tasks,
    groups: groups.map((group) => ({
      groupId: group.id,
      parent: group.parent ?? null,
      label: group.id,
      tooltip: "",
      prefixGroupId: true,
      expand: expandOf(group.map, skipLists),
    })),
  });
}

/** One property of a behaviour such as `{"fail_times": 2}`. */
export function part(behaviour: Json, name: string): Json | undefined {
  if (behaviour === null || typeof behaviour !== "object") return undefined;
  return Object.entries(behaviour).find(([key]) => key === name)?.[1];
}

function kindOf(behaviour: Json): TaskKind {
  if (behaviour === "empty") return "empty";
  for (const kind of ["branch", "short_circuit", "sensor"] as const)
    if (part(behaviour, kind) !== undefined) return kind;
  return "task";
}

/** Upstream ids by task: declared ones, those of groups, and those that inputs name. */
function scenarioEdges(scenario: Scenario): Map<string, Set<string>> {
  const edges = new Map(scenario.tasks.map((task) => [task.id, new Set<string>()]));
  const isGroup = (id: string): boolean => scenario.groups?.some((group) => group.id === id) === true;
  // Tasks first: a group's roots and leaves are those of the finished inside.
  for (const task of scenario.tasks) {
    for (const up of task.upstream) if (!isGroup(up)) edges.get(task.id)?.add(up);
    for (const up of [...namedTasks(task.map ?? null), ...namedTasks(task.args ?? null)]) edges.get(task.id)?.add(up);
  }
  const innermostFirst = (scenario.groups ?? []).toSorted((a, b) => b.id.split(".").length - a.id.split(".").length);
  for (const group of innermostFirst) {
    const ups = [...(group.upstream ?? []), ...namedTasks(group.map ?? null)];
    const from = ups.flatMap((up) => (isGroup(up) ? leaves(scenario, edges, up) : [up]));
    for (const root of roots(scenario, edges, group.id)) for (const up of from) edges.get(root)?.add(up);
  }
  for (const task of scenario.tasks) {
    for (const up of task.upstream.filter(isGroup)) {
      for (const leaf of leaves(scenario, edges, up)) edges.get(task.id)?.add(leaf);
    }
  }
  return edges;
}

type Edges = ReadonlyMap<string, ReadonlySet<string>>;

function inside(scenario: Scenario, group: string): ScenarioTask[] {
  const isBelow = (id: string | undefined): boolean =>
    id === group || (id !== undefined && isBelow(scenario.groups?.find((other) => other.id === id)?.parent));
  return scenario.tasks.filter((task) => isBelow(task.group));
}

function roots(scenario: Scenario, edges: Edges, group: string): string[] {
  const ids = inside(scenario, group).map((task) => task.id);
  return ids.filter((id) => !ids.some((other) => edges.get(id)?.has(other) === true));
}

/** Teardowns do not hold up what comes behind the group: the tasks before them are its leaves. */
function leaves(scenario: Scenario, edges: Edges, group: string): string[] {
  const tasks = inside(scenario, group);
  const isTeardown = (id: string): boolean => tasks.some((task) => task.id === id && task.is_teardown === true);
  const isSetup = (id: string): boolean => tasks.some((task) => task.id === id && task.is_setup === true);
  const ids = tasks.map((task) => task.id);
  const beforeTeardown = (id: string): string[] =>
    isTeardown(id) ? ids.filter((up) => edges.get(id)?.has(up) === true && !isSetup(up)).flatMap(beforeTeardown) : [id];
  const last = ids.filter((id) => !ids.some((other) => edges.get(other)?.has(id) === true));
  return [...new Set(last.flatMap(beforeTeardown))];
}

function expandOf(map: ScenarioTask["map"], skipLists: SkipLists): ExpandSpec | null {
  if (map === undefined) return null;
  if (map.expand_kwargs !== undefined) return { kind: "kwargs", of: exprOf(map.expand_kwargs, skipLists) };
  const over = Object.entries(map.expand ?? {}).map(([key, value]) => [key, exprOf(value, skipLists)]);
  return { kind: "product", over: Object.fromEntries(over) };
}

function exprOf(value: Json, skipLists: SkipLists): ArgExpr {
  const source = part(value, "xcom");
  if (typeof source === "string") return { kind: "xcom", taskId: source, key: RETURN_KEY, path: [] };
  const list = (name: string): readonly ArgExpr[] | undefined => {
    const items = part(value, name);
    return Array.isArray(items) ? items.map((item: Json) => exprOf(item, skipLists)) : undefined;
  };
  const concat = list("concat");
  if (concat !== undefined) return { kind: "concat", of: concat };
  const zip = list("zip");
  if (zip !== undefined) {
    const fill = part(value, "fill") ?? part(value, "fillvalue");
    return fill === undefined ? { kind: "zip", of: zip } : { kind: "zip", of: zip, fill: exprOf(fill, skipLists) };
  }
  const skipped = part(value, "map_skip");
  if (Array.isArray(skipped)) {
    skipLists.push(skipped);
    return { kind: "map", of: exprOf(part(value, "of") ?? null, skipLists), fn: skipLists.length - 1 };
  }
  return { kind: "literal", text: JSON.stringify(value), length: mappableLength(value) };
}

/** Length of a list or object; null for anything else. */
export function mappableLength(value: Json): number | null {
  if (value === null || typeof value !== "object") return null;
  return Array.isArray(value) ? value.length : Object.keys(value).length;
}

function* namedTasks(value: unknown): Generator<string> {
  if (value === null || typeof value !== "object") return;
  if ("xcom" in value && typeof value.xcom === "string") yield value.xcom;
  for (const inner of Object.values(value)) yield* namedTasks(inner);
}
