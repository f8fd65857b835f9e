/**
 * @module Order without data: `chain`, `crossDownstream`, `before`, `after` (Airflow's `>>`). An edge to a group means its roots, one from a group its leaves.
 */
import type { PlacedEnd } from "./placed.ts";
import { currentBuilder } from "./dag-builder.ts";
import { invalidDag } from "./invalid-dag.ts";
import { placedOf } from "./placed.ts";

/** A placed task or group: it can be ordered. */
export interface Edgeable {
  readonly id: string;
  /**
   * These run after this one. Answers this one.
   * @example
   * start.before(extractCustomers, extractOrders);
   */
  before(...ends: readonly EdgeEnd[]): this;
  /**
   * These run before this one. Answers this one.
   * @example
   * cleanup().after(loaded);
   */
  after(...ends: readonly EdgeEnd[]): this;
}

/** One placed task or group, or a list of them. */
export type EdgeEnd = Edgeable | readonly Edgeable[];

/**
 * One after the other; a list stands for all of its members, and two neighbouring lists pair up member by member.
 * @example
 * chain(start, [extractCustomers, extractOrders], merge, end);
 */
export function chain(...ends: readonly EdgeEnd[]): void {
  for (const [at, to] of ends.entries()) {
    const from = ends[at - 1];
    if (at === 0 || from === undefined) {
      placedEnds(to, "chain");
      continue;
    }
    const froms = placedEnds(from, "chain");
    const tos = placedEnds(to, "chain");
    if (!Array.isArray(from) || !Array.isArray(to)) {
      drawAll(froms, tos);
      continue;
    }
    if (froms.length !== tos.length) {
      const { dagId } = currentBuilder("chain");
      throw invalidDag(
        { dagId },
        `chain pairs neighbouring lists, but they have ${froms.length} and ${tos.length} members; use crossDownstream for every combination`,
      );
    }
    for (const [i, one] of froms.entries()) drawAll([one], tos.slice(i, i + 1));
  }
}

/**
 * Every combination: each of the first list runs before each of the second.
 * @example
 * crossDownstream([extractA, extractB], [loadA, loadB]);
 */
export function crossDownstream(from: EdgeEnd, to: EdgeEnd): void {
  drawAll(placedEnds(from, "crossDownstream"), placedEnds(to, "crossDownstream"));
}

/** Draws an edge for each pair. */
export function drawAll(froms: readonly PlacedEnd[], tos: readonly PlacedEnd[]): void {
  for (const from of froms) {
    for (const to of tos) {
      // Of two DAGs the one under construction is where the mistake is.
      const { builder } = from.builder.closed ? to : from;
      builder.addEdge(from, to);
    }
  }
}

/** The placed tasks and groups behind what an author gave. Throws for anything else, naming what it is. */
export function placedEnds(end: EdgeEnd, where: string): readonly PlacedEnd[] {
  const given: readonly unknown[] = Array.isArray(end) ? end.flat(Number.POSITIVE_INFINITY) : [end];
  return given.map((one) => {
    const placed = placedOf(one);
    if (placed !== undefined) return placed;
    const { dagId } = currentBuilder(where);
    throw invalidDag({ dagId }, `${where} got ${describe(one)}, which is no placed task or group; ${remedy(one)}`);
  });
}

function describe(value: unknown): string {
  if (typeof value === "function")
    return "id" in value ? `the definition of task ${JSON.stringify(value.id)}` : "a function";
  if (typeof value === "string") return `the text ${JSON.stringify(value)}`;
  return value === undefined ? "undefined" : `a value of type ${typeof value}`;
}

function remedy(value: unknown): string {
  return typeof value === "function"
    ? "call it to place it"
    : "give what calling a task, empty(...) or taskGroup(...) answers";
}
