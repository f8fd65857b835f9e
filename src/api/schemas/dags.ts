/**
 * @module DAGs on the wire: `DAGResponse` for lists, `DAGDetailsResponse` with everything an author wrote.
 */
import { BUNDLE_NAME, DagVersionResponse, dagVersionResponse } from "./dag-versions.ts";
import { booleanIn, nullableDate, nullableText, pageQuery, wireDateOrNull } from "./wire-value.ts";
import * as z from "zod/mini";
import type { DagRow, DagVersion } from "../ports.ts";
import type { DagSpec, ScheduleSpec } from "../../model/dag-spec.ts";

const DagTagResponse = z.object({ name: z.string(), dag_id: z.string(), dag_display_name: z.string() });
const RUN_TYPES = [
  "backfill",
  "scheduled",
  "manual",
  "operator_triggered",
  "asset_triggered",
  "asset_materialization",
] as const;

const dagFields = {
  dag_id: z.string(),
  dag_display_name: z.string(),
  is_paused: z.boolean(),
  is_stale: z.boolean(),
  last_parsed_time: nullableDate,
  last_parse_duration: z.nullable(z.number()),
  last_expired: nullableDate,
  bundle_name: nullableText,
  bundle_version: nullableText,
  relative_fileloc: nullableText,
  fileloc: z.string(),
  description: nullableText,
  timetable_summary: nullableText,
  timetable_description: nullableText,
  timetable_partitioned: z.boolean(),
  timetable_periodic: z.boolean(),
  tags: z.array(DagTagResponse),
  max_active_tasks: z.int(),
  max_active_runs: z.nullable(z.int()),
  max_consecutive_failed_dag_runs: z.int(),
  has_task_concurrency_limits: z.boolean(),
  has_import_errors: z.boolean(),
  next_dagrun_logical_date: nullableDate,
  next_dagrun_data_interval_start: nullableDate,
  next_dagrun_data_interval_end: nullableDate,
  next_dagrun_run_after: nullableDate,
  allowed_run_types: z.nullable(z.array(z.enum(RUN_TYPES))),
  owners: z.array(z.string()),
  is_backfillable: z.boolean(),
  file_token: z.string(),
};

export const DAGResponse = z.object(dagFields);
export const DAGCollectionResponse = z.object({ dags: z.array(DAGResponse), total_entries: z.int() });
export const DAGDetailsResponse = z.object({
  ...dagFields,
  catchup: z.boolean(),
  /** ISO 8601 duration. */
  dag_run_timeout: nullableText,
  asset_expression: z.nullable(z.record(z.string(), z.unknown())),
  doc_md: nullableText,
  start_date: nullableDate,
  end_date: nullableDate,
  is_paused_upon_creation: z.nullable(z.boolean()),
  params: z.nullable(z.record(z.string(), z.unknown())),
  render_template_as_native_obj: z.boolean(),
  template_search_path: z.nullable(z.array(z.string())),
  timezone: nullableText,
  last_parsed: nullableDate,
  default_args: z.nullable(z.record(z.string(), z.unknown())),
  rerun_with_latest_version: z.nullable(z.boolean()),
  owner_links: z.nullable(z.record(z.string(), z.string())),
  is_favorite: z.boolean(),
  active_runs_count: z.int(),
  concurrency: z.int(),
  latest_dag_version: z.nullable(DagVersionResponse),
});

export const DAGPatchBody = z.strictObject({ is_paused: z.boolean() });

export const dagListQuery = z.object({
  ...pageQuery,
  tags: z.optional(z.array(z.string())),
  tags_match_mode: z.optional(z.enum(["any", "all"])),
  owners: z.optional(z.array(z.string())),
  dag_id_pattern: z.optional(z.string()),
  dag_display_name_pattern: z.optional(z.string()),
  exclude_stale: z.optional(booleanIn),
  paused: z.optional(booleanIn),
  has_import_errors: z.optional(booleanIn),
  last_dag_run_state: z.optional(z.enum(["queued", "running", "success", "failed"])),
  /** Of PATCH only. */
  update_mask: z.optional(z.array(z.string())),
});

export const updateMaskQuery = z.object({ update_mask: z.optional(z.array(z.string())) });

export function dagResponse(row: DagRow): z.infer<typeof DAGResponse> {
  const { dagId, displayName } = row;
  return {
    dag_id: dagId,
    dag_display_name: displayName,
    is_paused: row.isPaused,
    is_stale: row.isStale,
    last_parsed_time: wireDateOrNull(row.lastParsedAt),
    last_parse_duration: null,
    last_expired: null,
    bundle_name: BUNDLE_NAME,
    bundle_version: row.bundleVersion,
    relative_fileloc: row.relativeFileloc,
    fileloc: `dags/${row.relativeFileloc}`,
    description: row.description,
    timetable_summary: row.timetableSummary,
    timetable_description: DESCRIPTIONS[row.timetableKind] ?? row.timetableSummary,
    timetable_partitioned: false,
    timetable_periodic: PERIODIC[row.timetableKind],
    tags: row.tags.map((name) => ({ name, dag_id: dagId, dag_display_name: displayName })),
    max_active_tasks: row.maxActiveTasks,
    max_active_runs: row.maxActiveRuns,
    max_consecutive_failed_dag_runs: row.maxConsecutiveFailedDagRuns,
    has_task_concurrency_limits: row.hasTaskConcurrencyLimits,
    has_import_errors: row.hasImportErrors,
    next_dagrun_logical_date: wireDateOrNull(row.nextLogicalDate),
    next_dagrun_data_interval_start: wireDateOrNull(row.nextIntervalStart),
    next_dagrun_data_interval_end: wireDateOrNull(row.nextIntervalEnd),
    next_dagrun_run_after: wireDateOrNull(row.nextRunAfter),
    allowed_run_types: null,
    owners: [...row.owners],
    is_backfillable: PERIODIC[row.timetableKind],
    file_token: btoa(encodeURIComponent(row.relativeFileloc)),
  };
}

export function dagDetailsResponse(
  row: DagRow,
  spec: DagSpec,
  known: { readonly version: DagVersion | null; readonly activeRuns: number; readonly now: number },
): z.infer<typeof DAGDetailsResponse> {
  const params = Object.entries(spec.params).map(([name, param]) => [
    name,
    { value: param.value ?? null, schema: param.schema, description: param.description },
  ]);
  return {
    ...dagResponse(row),
    catchup: spec.catchup,
    dag_run_timeout: spec.dagrunTimeoutMs === null ? null : `PT${spec.dagrunTimeoutMs / 1000}S`,
    asset_expression: spec.assets === undefined ? null : { ...spec.assets },
    doc_md: spec.docMd,
    start_date: wireDateOrNull(startOf(spec, known.now)),
    end_date: wireDateOrNull(spec.endDate),
    is_paused_upon_creation: spec.isPausedUponCreation,
    params: Object.fromEntries(params),
    render_template_as_native_obj: spec.renderTemplateAsNativeObj,
    template_search_path: null,
    timezone: spec.timezone,
    last_parsed: wireDateOrNull(row.lastParsedAt),
    default_args: { ...spec.defaultArgs },
    rerun_with_latest_version: null,
    owner_links: {},
    is_favorite: false,
    active_runs_count: known.activeRuns,
    concurrency: spec.maxActiveTasks,
    latest_dag_version: known.version === null ? null : dagVersionResponse(known.version, row.displayName),
  };
}

const DAY_MS = 86_400_000;

/** A moving start (`daysAgo(n)`) is midnight UTC of that day. */
export function startOf(spec: DagSpec, now: number): number | null {
  const { startDate } = spec;
  if (startDate === null || typeof startDate === "number") return startDate;
  return Math.floor(now / DAY_MS) * DAY_MS - startDate.daysAgo * DAY_MS;
}

/** Whether runs come at regular times, so that a range of them can be backfilled. */
const PERIODIC: Readonly<Record<ScheduleSpec["kind"], boolean>> = {
  none: false,
  "cron-trigger": true,
  "cron-data-interval": true,
  "delta-trigger": true,
  "delta-data-interval": true,
  once: false,
  continuous: false,
  events: false,
  custom: true,
  assets: false,
};

/** Schedules whose summary alone would not say when they run. */
const DESCRIPTIONS: Readonly<Partial<Record<ScheduleSpec["kind"], string>>> = {
  none: "Never, external triggers only",
  once: "Once, as soon as possible",
  continuous: "As frequently as possible, but only one run at a time",
  assets: "Triggered by assets",
};
