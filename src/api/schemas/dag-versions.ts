/**
 * @module DAG versions on the wire.
 */
import { dateOut, nullableText, wireDate, wireUuid } from "./wire-value.ts";
import * as z from "zod/mini";
import type { DagVersion } from "../ports.ts";

/** Our one bundle; Airflow's name for it. */
export const BUNDLE_NAME = "dags-folder";

export const DagVersionResponse = z.object({
  id: z.uuid(),
  version_number: z.int(),
  dag_id: z.string(),
  bundle_name: nullableText,
  bundle_version: nullableText,
  created_at: dateOut,
  dag_display_name: z.string(),
  bundle_url: nullableText,
});

export const DAGVersionCollectionResponse = z.object({
  dag_versions: z.array(DagVersionResponse),
  total_entries: z.int(),
});

/** Ids by version: each answer about a run names its own. */
const ids = new Map<string, string>();
const IDS_MAX = 1_000;

function versionId({ dagId, versionNumber }: DagVersion): string {
  const key = `${versionNumber} ${dagId}`;
  const known = ids.get(key);
  if (known !== undefined) return known;
  const id = wireUuid("dag_version", dagId, versionNumber);
  if (ids.size >= IDS_MAX) ids.clear();
  ids.set(key, id);
  return id;
}

export function dagVersionResponse(version: DagVersion, displayName: string): z.infer<typeof DagVersionResponse> {
  return {
    id: versionId(version),
    version_number: version.versionNumber,
    dag_id: version.dagId,
    bundle_name: BUNDLE_NAME,
    bundle_version: version.bundleVersion,
    created_at: wireDate(version.createdAt),
    dag_display_name: displayName,
    bundle_url: null,
  };
}
