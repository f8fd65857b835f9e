/**
 * @module Mapped tasks and groups: over which tasks they are expanded, how many instances that makes, and which element an instance has.
 */
import { lengthKey } from "../model/arg-expr.ts";
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { Graph } from "./graph.ts";
import type { TaskId } from "../model/ids.ts";

/** Key of `expandKwargs` in `InstanceFacts.expandedBy`: it has no input names of its own. */
const KWARGS_KEY = "kwargs";

/** `unknown`: an upstream value is missing. `unmappable`: a param or literal that is neither list nor object. */
export type Length = number | "unknown" | "unmappable";

/** Where lengths come from. */
export interface LengthSource {
  /** Length that the task reported under `key`; of a mapped task the number of instances that pushed it. */
  xcom(taskId: TaskId, key: string): Length;
  param(name: string): unknown;
}

/** Lengths by expanded key, in key order. */
export type ExpandedBy = Readonly<Record<string, number>>;

/** All lengths of an expansion, or why there are none. */
export function expansionLengths(expand: ExpandSpec, source: LengthSource): ExpandedBy | "unknown" | "unmappable" {
  const parts: [string, ArgExpr][] = expand.kind === "kwargs" ? [[KWARGS_KEY, expand.of]] : Object.entries(expand.over);
  const lengths: Record<string, number> = {};
  for (const [key, expr] of parts) {
    const length = lengthOf(expr, source);
    if (typeof length !== "number") return length;
    lengths[key] = length;
  }
  return lengths;
}

/** Number of instances: the product of the lengths. */
export function instanceCount(expandedBy: ExpandedBy): number {
  return Object.values(expandedBy).reduce((product, length) => product * length, 1);
}

/** Tasks named by an expansion. */
export function sourcesOf(expand: ExpandSpec, graph: Graph): number[] {
  const found = new Set<number>();
  const visit = (expr: ArgExpr): void => {
    if (expr.kind === "xcom") {
      const task = graph.indexOf.get(expr.taskId);
      if (task !== undefined) found.add(task);
    }
    for (const inner of partsOf(expr)) visit(inner);
  };
  for (const expr of expand.kind === "kwargs" ? [expand.of] : Object.values(expand.over)) visit(expr);
  return [...found];
}

function lengthOf(expr: ArgExpr, source: LengthSource): Length {
  switch (expr.kind) {
    case "literal":
      return expr.length ?? "unmappable";
    case "list":
      return expr.items.length;
    case "object":
      return Object.keys(expr.entries).length;
    case "param":
      return valueLength(valueAt(source.param(expr.name), expr.path));
    case "xcom":
      return source.xcom(expr.taskId, lengthKey(expr.key, expr.path));
    case "map":
      return lengthOf(expr.of, source);
    case "zip":
      return fold(expr.of, source, expr.fill === undefined ? Math.min : Math.max);
    case "concat":
      return fold(expr.of, source, (a, b) => a + b);
    case "group-element":
      return "unmappable";
  }
}

function fold(parts: readonly ArgExpr[], source: LengthSource, join: (a: number, b: number) => number): Length {
  let total: number | undefined;
  for (const part of parts) {
    const length = lengthOf(part, source);
    if (typeof length !== "number") return length;
    total = total === undefined ? length : join(total, length);
  }
  return total ?? 0;
}

/** Parts of an expression that name further tasks for the length. Items of a list or object are values, not lengths, but still inputs of the instances. */
function partsOf(expr: ArgExpr): readonly ArgExpr[] {
  switch (expr.kind) {
    case "list":
      return expr.items;
    case "object":
      return Object.values(expr.entries);
    case "zip":
    case "concat":
      return expr.of;
    case "map":
      return [expr.of];
    case "literal":
    case "xcom":
    case "param":
    case "group-element":
      return [];
  }
}

function valueAt(value: unknown, path: readonly string[]): unknown {
  let at: unknown = value;
  for (const key of path) {
    if (at === null || typeof at !== "object") return undefined;
    at = Object.entries(at).find(([name]) => name === key)?.[1];
  }
  return at;
}

function valueLength(value: unknown): Length {
  if (Array.isArray(value)) return value.length;
  if (value === null || typeof value !== "object") return "unmappable";
  return value instanceof Map || value instanceof Set ? value.size : Object.keys(value).length;
}
