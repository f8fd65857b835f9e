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

export function dagVersionResponse(version: DagVersion, displayName: string): z.infer<typeof DagVersionResponse> {
  return {
    id: wireUuid("dag_version", version.dagId, version.versionNumber),
    version_number: version.versionNumber,
    dag_id: version.dagId,
    bundle_name: BUNDLE_NAME,
    bundle_version: version.bundleVersion,
    created_at: wireDate(version.createdAt),
    dag_display_name: displayName,
    bundle_url: null,
  };
}
