/**
 * @module The ids of all DAGs there ever were, in one R2 object: objects of DAGs can be reached by name only, and the list of names must survive a lost D1.
 */
import type { DagId } from "../../model/ids.ts";

const KEY = "registry/dags";

interface Registry {
  readonly v: 1;
  readonly dagIds: readonly DagId[];
}

/** Sorted; empty before the first {@link registerDags}. */
export async function registeredDags(bucket: R2Bucket): Promise<readonly DagId[]> {
  const stored = await bucket.get(KEY);
  return stored === null ? [] : (await stored.json<Registry>()).dagIds;
}

/** Adds what is new; ids never leave. */
export async function registerDags(bucket: R2Bucket, dagIds: readonly DagId[]): Promise<void> {
  const known = await registeredDags(bucket);
  const all = [...new Set([...known, ...dagIds])].toSorted();
  if (all.length === known.length) return;
  const registry: Registry = { v: 1, dagIds: all };
  await bucket.put(KEY, JSON.stringify(registry), { httpMetadata: { contentType: "application/json" } });
}
