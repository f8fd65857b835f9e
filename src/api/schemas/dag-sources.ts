/**
 * @module Source code, tags, warnings, import errors and run counts of DAGs on the wire.
 */
import { dateOut, intIn, nullableText, pageQuery } from "./wire-value.ts";
import * as z from "zod/mini";
import { DAG_RUN_STATES } from "./dag-runs.ts";

export const DAGSourceResponse = z.object({
  content: nullableText,
  dag_id: z.string(),
  version_number: z.nullable(z.int()),
  dag_display_name: z.string(),
});
export const dagSourceQuery = z.object({ version_number: z.optional(intIn) });

export const DAGTagCollectionResponse = z.object({ tags: z.array(z.string()), total_entries: z.int() });
export const dagTagQuery = z.object({ ...pageQuery, tag_name_pattern: z.optional(z.string()) });

export const WARNING_TYPES = ["asset conflict", "non-existent pool", "runtime varying value"] as const;
export const DAGWarningCollectionResponse = z.object({
  dag_warnings: z.array(
    z.object({
      dag_id: z.string(),
      warning_type: z.enum(WARNING_TYPES),
      message: z.string(),
      timestamp: dateOut,
      dag_display_name: z.string(),
    }),
  ),
  total_entries: z.int(),
});
export const dagWarningQuery = z.object({
  ...pageQuery,
  dag_id: z.optional(z.string()),
  warning_type: z.optional(z.enum(WARNING_TYPES)),
});

export const ImportErrorResponse = z.object({
  import_error_id: z.int(),
  timestamp: dateOut,
  filename: z.string(),
  bundle_name: nullableText,
  stack_trace: z.string(),
});
export const ImportErrorCollectionResponse = z.object({
  import_errors: z.array(ImportErrorResponse),
  total_entries: z.int(),
});
export const importErrorQuery = z.object({ ...pageQuery, filename_pattern: z.optional(z.string()) });

export const DagStatsCollectionResponse = z.object({
  dags: z.array(
    z.object({
      dag_id: z.string(),
      dag_display_name: z.string(),
      stats: z.array(z.object({ state: z.enum(DAG_RUN_STATES), count: z.int() })),
    }),
  ),
  total_entries: z.int(),
});
export const dagStatsQuery = z.object({ dag_ids: z.optional(z.array(z.string())) });
