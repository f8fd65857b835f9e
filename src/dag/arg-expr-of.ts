/**
 * @module What an author gave for an input, as an `ArgExpr`: literals through the codec, references as they are, lists and objects that hold references piece by piece.
 */
import type { ArgExpr } from "../model/arg-expr.ts";
import type { DagBuilder } from "./dag-builder.ts";
import type { PlacedGroup, PlacedTask } from "./placed.ts";
import { CodecError, encode } from "../lib/codec.ts";
import { invalidDag, type Place } from "./invalid-dag.ts";
import { PLACED } from "./placed.ts";
import { referenceOf } from "./xcom-arg.ts";

/** An expression, and the tasks and mapped groups whose values it needs. */
export interface ArgSource {
  readonly expr: ArgExpr;
  readonly producers: readonly PlacedTask[];
}

/** `group`: where the consumer stands, null at the top. */
export interface Consumer {
  readonly builder: DagBuilder;
  readonly group: PlacedGroup | null;
  readonly place: Place;
}

/** Reads one input. Throws `invalid_dag` for a task definition, a reference of another DAG, or what the codec refuses. */
export function argSource(consumer: Consumer, name: string, value: unknown): ArgSource {
  const reference = referenceOf(value);
  if (reference !== undefined) {
    for (const producer of reference.producers) assertSameDag(consumer, name, producer);
    assertInsideGroup(consumer, name, reference.expr);
    return reference;
  }
  if (typeof value === "function" && "fn" in value && "id" in value) {
    throw invalidDag(
      consumer.place,
      `input "${name}" is the definition of task ${JSON.stringify(value.id)}; call it to place it and hand on what it answers`,
    );
  }
  if (typeof value === "object" && value !== null && PLACED in value) {
    throw invalidDag(consumer.place, `input "${name}" is a task group; hand on one of the references it answers`);
  }
  if (Array.isArray(value) && value.some((item) => holdsReference(item))) {
    const items = value.map((item, at) => argSource(consumer, `${name}[${at}]`, item));
    return {
      expr: { kind: "list", items: items.map(({ expr }) => expr) },
      producers: items.flatMap(({ producers }) => producers),
    };
  }
  if (isPlainObject(value) && holdsReference(value)) {
    const entries = Object.entries(value).map(
      ([key, item]) => [key, argSource(consumer, `${name}.${key}`, item)] as const,
    );
    return {
      expr: { kind: "object", entries: Object.fromEntries(entries.map(([key, { expr }]) => [key, expr])) },
      producers: entries.flatMap(([, { producers }]) => producers),
    };
  }
  return { expr: literal(consumer, name, value), producers: [] };
}

function literal(consumer: Consumer, name: string, value: unknown): ArgExpr {
  try {
    const length = Array.isArray(value) ? value.length : isPlainObject(value) ? Object.keys(value).length : null;
    return { kind: "literal", text: encode(value), length };
  } catch (thrown) {
    if (!(thrown instanceof CodecError)) throw thrown;
    throw invalidDag(consumer.place, `input "${name}" cannot be stored: ${thrown.message}`);
  }
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  const proto: unknown = Object.getPrototypeOf(value);
  return proto === null || proto === Object.prototype;
}

/** Cycles are no concern: the codec refuses them with their path, and `seen` keeps this from running round. */
function holdsReference(value: unknown, seen: Set<unknown> = new Set()): boolean {
  if (referenceOf(value) !== undefined) return true;
  if (typeof value !== "object" || value === null || seen.has(value)) return false;
  seen.add(value);
  const parts: readonly unknown[] = Array.isArray(value) ? value : isPlainObject(value) ? Object.values(value) : [];
  return parts.some((part) => holdsReference(part, seen));
}

function assertSameDag(consumer: Consumer, name: string, producer: PlacedTask): void {
  if (producer.builder === consumer.builder) return;
  throw invalidDag(
    consumer.place,
    `input "${name}" is the result of task "${producer.taskId}" of DAG "${producer.builder.dagId}"; data passes only inside one DAG (place that task here too)`,
  );
}

/** The element of a mapped group exists only inside it. */
function assertInsideGroup(consumer: Consumer, name: string, expr: ArgExpr): void {
  if (expr.kind !== "group-element") return;
  for (let group = consumer.group; group !== null; group = group.parent) if (group.groupId === expr.groupId) return;
  throw invalidDag(
    consumer.place,
    `input "${name}" is the element of mapped task group "${expr.groupId}" and exists only inside it; use it in a task of the group`,
  );
}
