/**
 * @module DAG specs from their stored text, each parsed once per isolate: runs of one DAG share the spec and what was worked out from it. Objects pass a
 * spec on as text, which costs nothing beside a tree of objects.
 */
import { parseSpec } from "../model/spec-text.ts";
import type { DagSpec } from "../model/dag-spec.ts";

/** Specs kept; the text of a large one is a few hundred kB. */
const KEPT_MAX = 20;

const kept = new Map<string, DagSpec>();

/** The spec that a text is the JSON of. Shared: nobody may change it. */
export function specOfText(text: string): DagSpec {
  const known = kept.get(text);
  if (known !== undefined) return known;
  const spec = parseSpec(text);
  kept.set(text, spec);
  const [oldest] = kept.keys();
  if (kept.size > KEPT_MAX && oldest !== undefined) kept.delete(oldest);
  return spec;
}
