/**
 * @module `taskGroup`: tasks that belong together. Ids inside get the group's id in front; an edge to the group means its roots, one from it its leaves.
 */
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { DefaultArgs } from "./task-options.ts";
import type { EdgeEnd, Edgeable } from "./edges.ts";
import type { Mappable, MappedArg, MappedTaskArg, TaskArg, ValueRef, XComArg } from "./xcom-arg.ts";
import type { PlacedGroup, PlacedTask } from "./placed.ts";
import { PLACED, mappedGroupAround } from "./placed.ts";
import { argSource } from "./arg-expr-of.ts";
import { currentBuilder } from "./dag-builder.ts";
import { drawAll, placedEnds } from "./edges.ts";
import { invalidDag } from "./invalid-dag.ts";
import { mappableRef } from "./task-ref.ts";

export interface TaskGroupOptions {
  readonly tooltip?: string;
  /** `false`: ids inside stay as they are. */
  readonly prefixGroupId?: boolean;
  /** Weaker than a task's own options, stronger than the DAG's. */
  readonly defaultArgs?: DefaultArgs;
}

/** What a group's body may answer: references and groups by name. */
export type GroupMembers = Readonly<Record<string, ValueRef<unknown> | Edgeable>> | void;

/** A placed group: it can be ordered, and holds what its body answered. */
export type TaskGroup<T> = Edgeable & Readonly<T extends object ? Omit<T, keyof Edgeable> : unknown>;

/** Outside of a mapped group a member's result is the list of its results. */
type MappedMembers<T> = {
  readonly [K in keyof T]: T[K] extends TaskArg<infer O, infer X>
    ? MappedTaskArg<O, X>
    : T[K] extends XComArg<infer O>
      ? MappedArg<O>
      : T[K];
};

type ElementRefs<E> = { readonly [K in keyof E]: ValueRef<E[K]> };

/**
 * Places a group; its body places the tasks.
 * @example
 * const transformation = taskGroup("transformation", { tooltip: "Transform all data" }, () => {
 *   const cleaned = clean({ n: total });
 *   return { cleaned, enriched: enrich({ n: cleaned }) };
 * });
 * @example
 * // A mapped group: all of it once per element.
 * const perFile = taskGroup("per_file", { expand: { key: listKeys() } }, ({ key }) => ({ loaded: load({ data: parse({ key }) }) }));
 * summarize({ parts: perFile.loaded });
 */
export function taskGroup<T extends GroupMembers>(id: string, body: () => T): TaskGroup<T>;
export function taskGroup<T extends GroupMembers>(id: string, options: TaskGroupOptions, body: () => T): TaskGroup<T>;
export function taskGroup<E extends object, T extends GroupMembers>(
  id: string,
  options: TaskGroupOptions & { readonly expand: { readonly [K in keyof E]: readonly E[K][] | Mappable<E[K]> } },
  body: (element: ElementRefs<E>) => T,
): TaskGroup<MappedMembers<T>>;
export function taskGroup(id: string, optionsOrBody: unknown, body?: unknown): unknown {
  const build = typeof optionsOrBody === "function" ? optionsOrBody : body;
  const options: MappedOptions = typeof optionsOrBody === "object" && optionsOrBody !== null ? optionsOrBody : {};
  const builder = currentBuilder(`task group "${id}"`);
  const groupId = builder.newId("group id", id);
  if (typeof build !== "function") {
    throw invalidDag({ dagId: builder.dagId, groupId }, `it has no body; write taskGroup("${id}", () => { ... })`);
  }
  const parent = builder.group;
  const group: PlacedGroup = {
    kind: "placed-group",
    builder,
    groupId,
    parent,
    label: id,
    tooltip: options.tooltip ?? "",
    prefixGroupId: options.prefixGroupId ?? true,
    defaultArgs: options.defaultArgs ?? {},
    expand: null,
  };
  builder.addGroup(group);
  const elements = options.expand === undefined ? undefined : expandGroup(group, options.expand);
  builder.group = group;
  try {
    const members: unknown = build(elements);
    return groupHandle(group, typeof members === "object" && members !== null ? members : {});
  } finally {
    builder.group = parent;
  }
}

interface MappedOptions extends TaskGroupOptions {
  readonly expand?: Readonly<Record<string, unknown>>;
}

/** Notes what the group is mapped over, and answers the references to the element's parts. */
function expandGroup(group: PlacedGroup, over: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const { builder, groupId, parent } = group;
  const place = { dagId: builder.dagId, groupId };
  const outer = mappedGroupAround(parent);
  if (outer !== null)
    throw invalidDag(place, `it is mapped inside the mapped task group "${outer.groupId}"; mapping does not nest`);
  if (Object.keys(over).length === 0)
    throw invalidDag(place, "expand names nothing to map over; give at least one list");
  const exprs: Record<string, ArgExpr> = {};
  const producers: PlacedTask[] = [];
  for (const [name, value] of Object.entries(over)) {
    const source = argSource({ builder, group: parent, place }, name, value);
    if (source.expr.kind === "literal" && typeof source.expr.length !== "number") {
      throw invalidDag(place, `expand over "${name}" got ${JSON.stringify(value)}; give a list, or a reference to one`);
    }
    exprs[name] = source.expr;
    producers.push(...source.producers);
  }
  const expand: ExpandSpec = { kind: "product", over: exprs };
  group.expand = expand;
  for (const producer of producers) builder.addEdge(producer, group);
  const names = Object.keys(over);
  return Object.fromEntries(
    names.map((name) => [name, mappableRef({ expr: { kind: "group-element", groupId, name }, producers: [] })]),
  );
}

function groupHandle(group: PlacedGroup, members: object): object {
  const handle = {
    ...members,
    id: group.groupId,
    [PLACED]: group,
    before(...ends: readonly EdgeEnd[]) {
      for (const end of ends) drawAll([group], placedEnds(end, "before"));
      return handle;
    },
    after(...ends: readonly EdgeEnd[]) {
      for (const end of ends) drawAll(placedEnds(end, "after"), [group]);
      return handle;
    },
  };
  return handle;
}
