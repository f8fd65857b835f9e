/**
 * @module What a DAG's body leaves behind: placed tasks and groups, before they are serialized. Internal to `dag/`.
 */
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { DagBuilder } from "./dag-builder.ts";
import type { DefaultArgs, GivenOptions } from "./task-options.ts";
import type { GroupId, TaskId } from "../model/ids.ts";
import type { SensorSpec, TaskKind } from "../model/task-spec.ts";
import type { TaskHandler } from "./executable-dag.ts";

/** A task in a DAG. Mutable until the body of `dag(...)` has returned. */
export interface PlacedTask {
  readonly kind: "placed-task";
  readonly builder: DagBuilder;
  readonly taskId: TaskId;
  readonly group: PlacedGroup | null;
  readonly what: TaskKind;
  readonly operatorName: string;
  readonly options: GivenOptions;
  readonly args: Readonly<Record<string, ArgExpr>>;
  readonly expand: ExpandSpec | null;
  readonly sensor: SensorSpec | null;
  readonly ignoreDownstreamTriggerRules: boolean;
  readonly execute: (dag: FinishedDag) => TaskHandler["execute"];
  isSetup: boolean;
  teardown: { readonly onFailureFailDagrun: boolean } | null;
}

/** What a handler may need of the DAG it ended up in. */
export interface FinishedDag {
  /** Direct downstream of a task. */
  readonly downstream: (taskId: TaskId) => readonly TaskId[];
  readonly schedule: Pick<DagSpec, "schedule" | "startDate" | "endDate" | "catchup" | "timezone">;
}

export interface PlacedGroup {
  readonly kind: "placed-group";
  readonly builder: DagBuilder;
  readonly groupId: GroupId;
  readonly parent: PlacedGroup | null;
  readonly label: string;
  readonly tooltip: string;
  readonly prefixGroupId: boolean;
  readonly defaultArgs: DefaultArgs;
  expand: ExpandSpec | null;
}

/** An end of an edge before groups are expanded to their roots and leaves. */
export type PlacedEnd = PlacedTask | PlacedGroup;

/** The group and those around it, inner first. */
export function* groupsAround(group: PlacedGroup | null): Generator<PlacedGroup> {
  for (let at = group; at !== null; at = at.parent) yield at;
}

/** The mapped group around a task or group, or null. Mapped groups do not nest. */
export function mappedGroupAround(group: PlacedGroup | null): PlacedGroup | null {
  for (const at of groupsAround(group)) if (at.expand !== null) return at;
  return null;
}

/** Own property of everything that stands for a placed task or group. */
export const PLACED: unique symbol = Symbol.for("airflare.placed");

/** The task or group that a handle stands for, or undefined. */
export function placedOf(value: unknown): PlacedEnd | undefined {
  if (typeof value !== "object" || value === null || !(PLACED in value)) return undefined;
  return value[PLACED] as PlacedEnd;
}

export function endName(end: PlacedEnd): string {
  return end.kind === "placed-task" ? `task "${end.taskId}"` : `task group "${end.groupId}"`;
}
