/**
 * @module DAG specs in R2, by hash: `specs/<sha256>`. A hash stands for one content, so an object is written once and never changes.
 */
import { parseSpec, specText } from "../model/spec-text.ts";
import type { DagSpec } from "../model/dag-spec.ts";
import type { SpecHash } from "../model/ids.ts";

/** Idempotent: writing the same spec again is harmless. */
export async function putSpec(bucket: R2Bucket, spec: DagSpec, specHash: SpecHash): Promise<void> {
  await bucket.put(`specs/${specHash}`, specText(spec), { httpMetadata: { contentType: "application/json" } });
}

/** Null when no deploy ever had this spec. */
export async function readSpec(bucket: R2Bucket, specHash: SpecHash): Promise<DagSpec | null> {
  const stored = await bucket.get(`specs/${specHash}`);
  return stored === null ? null : parseSpec(await stored.text());
}
