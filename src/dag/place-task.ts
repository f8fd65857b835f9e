/**
 * @module Placing a task: the one way a task, of whatever operator, gets into the DAG under construction.
 */
import type { ArgExpr, ExpandSpec } from "../model/arg-expr.ts";
import type { ArgSource, Consumer } from "./arg-expr-of.ts";
import type { FinishedDag, PlacedTask } from "./placed.ts";
import type { GivenOptions } from "./task-options.ts";
import type { SensorSpec, TaskKind } from "../model/task-spec.ts";
import type { TaskHandler } from "./executable-dag.ts";
import { argSource } from "./arg-expr-of.ts";
import { assertTaskOptions } from "./option-names.ts";
import { currentBuilder } from "./dag-builder.ts";
import { invalidDag } from "./invalid-dag.ts";
import { mappedGroupAround } from "./placed.ts";

/** What is placed; what is left out is the plain case. */
export interface Placement {
  readonly id: string;
  readonly what: TaskKind;
  readonly operatorName: string;
  readonly options: GivenOptions;
  /** Inputs by name. */
  readonly input?: Readonly<Record<string, unknown>> | undefined;
  /** Inputs that the task is mapped over, by name, or for `expandKwargs` what gives all of them. */
  readonly over?: { readonly product: Readonly<Record<string, unknown>> } | { readonly kwargs: unknown };
  readonly sensor?: SensorSpec;
  readonly ignoreDownstreamTriggerRules?: boolean;
  readonly execute: (dag: FinishedDag) => TaskHandler["execute"];
}

/** Adds the task with its data edges. Throws `invalid_dag` outside a DAG, for a taken id, and for inputs that cannot be. */
export function placeTask(placement: Placement): PlacedTask {
  const builder = currentBuilder(`task "${placement.id}"`);
  const taskId = builder.newId("task id", placement.id);
  const consumer: Consumer = { builder, group: builder.group, place: { dagId: builder.dagId, taskId } };
  assertTaskOptions(consumer.place, placement.options);
  const producers: PlacedTask[] = [];
  const read = (name: string, value: unknown): ArgExpr => {
    const source: ArgSource = argSource(consumer, name, value);
    producers.push(...source.producers);
    return source.expr;
  };
  const args = inputExprs(placement, consumer, read);
  const expand = expandSpec(placement, consumer, read);
  const task: PlacedTask = {
    kind: "placed-task",
    builder,
    taskId,
    group: builder.group,
    what: placement.what,
    operatorName: placement.operatorName,
    options: placement.options,
    args,
    expand,
    sensor: placement.sensor ?? null,
    ignoreDownstreamTriggerRules: placement.ignoreDownstreamTriggerRules ?? false,
    execute: placement.execute,
    isSetup: false,
    teardown: null,
  };
  builder.addTask(task);
  for (const producer of producers) builder.addEdge(producer, task);
  return task;
}

type Read = (name: string, value: unknown) => ArgExpr;

/** Named inputs over `opKwargs`; `opArgs` travel as the input of that name. */
function inputExprs(placement: Placement, consumer: Consumer, read: Read): Record<string, ArgExpr> {
  const { options, input } = placement;
  if (input !== undefined && (typeof input !== "object" || input === null || Array.isArray(input))) {
    throw invalidDag(
      consumer.place,
      `it is called with ${JSON.stringify(input)}; a task takes one object of named inputs`,
    );
  }
  const given: Record<string, unknown> = { ...options.opKwargs, ...input };
  if (options.opArgs !== undefined) given["opArgs"] = options.opArgs;
  const exprs: Record<string, ArgExpr> = {};
  // An input left out and one given as undefined are the same.
  for (const [name, value] of Object.entries(given)) if (value !== undefined) exprs[name] = read(name, value);
  return exprs;
}

function expandSpec({ over }: Placement, consumer: Consumer, read: Read): ExpandSpec | null {
  if (over === undefined) return null;
  const outer = mappedGroupAround(consumer.group);
  if (outer !== null) {
    throw invalidDag(
      consumer.place,
      `it is mapped inside the mapped task group "${outer.groupId}"; mapping does not nest: map the group or the task`,
    );
  }
  if ("kwargs" in over)
    return { kind: "kwargs", of: mappedOver(consumer, "the list of expandKwargs", over.kwargs, read) };
  const names = Object.keys(over.product);
  if (names.length === 0)
    throw invalidDag(consumer.place, "expand({}) names no input to map over; give at least one list");
  const entries = Object.entries(over.product).map(
    ([name, value]) => [name, mappedOver(consumer, name, value, read)] as const,
  );
  return { kind: "product", over: Object.fromEntries(entries) };
}

/** A literal that is neither list nor object cannot be mapped over: said at load, not at run time. */
function mappedOver(consumer: Consumer, name: string, value: unknown, read: Read): ArgExpr {
  const expr = read(name, value);
  if (expr.kind === "literal" && (expr.length === null || expr.length === undefined)) {
    throw invalidDag(
      consumer.place,
      `expand over "${name}" got ${JSON.stringify(value)}; give a list, or a reference to one`,
    );
  }
  return expr;
}
