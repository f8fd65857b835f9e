/**
 * @module Setups and teardowns: which setups stand before a task without being its direct upstream, and which tasks a teardown must wait for.
 */
import { closure } from "./graph.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { Graph } from "./graph.ts";

/**
 * Setups upstream of `task` that it is not directly behind but whose scope it is in: those without a teardown, and those of whose teardowns one is
 * downstream of the task. A teardown has none.
 */
export function indirectSetups(spec: DagSpec, graph: Graph, task: number): number[] {
  if (isTeardown(spec, task)) return [];
  const setups = [...closure(graph.upstream, task)].filter((up) => spec.tasks[up]?.isSetup === true);
  if (setups.length === 0) return [];
  const direct = graph.upstream[task] ?? [];
  const below = closure(graph.downstream, task);
  return setups.filter((setup) => {
    if (direct.includes(setup)) return false;
    const teardowns = (graph.downstream[setup] ?? []).filter((down) => isTeardown(spec, down));
    return teardowns.length === 0 || teardowns.some((teardown) => below.has(teardown));
  });
}

/** Tasks between a teardown's own setups and the teardown that are not its direct upstream: it must not run before they are done. */
export function teardownScope(spec: DagSpec, graph: Graph, task: number): number[] {
  if (!isTeardown(spec, task)) return [];
  const direct = graph.upstream[task] ?? [];
  const setups = direct.filter((up) => spec.tasks[up]?.isSetup === true);
  if (setups.length === 0) return [];
  const above = closure(graph.upstream, task);
  const scope = new Set<number>();
  for (const setup of setups) for (const down of closure(graph.downstream, setup)) if (above.has(down)) scope.add(down);
  return [...scope].filter((inScope) => !direct.includes(inScope));
}

/** The leaves that decide a run's state: teardowns are looked through unless their failure shall fail the run. */
export function isEffectiveLeaf(spec: DagSpec, graph: Graph, task: number): boolean {
  const counts = (i: number): boolean => !isTeardown(spec, i) || spec.tasks[i]?.onFailureFailDagrun === true;
  return counts(task) && !(graph.downstream[task] ?? []).some(counts);
}

function isTeardown(spec: DagSpec, task: number): boolean {
  return spec.tasks[task]?.isTeardown === true;
}
