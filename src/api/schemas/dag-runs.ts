/**
 * @module DAG runs on the wire, and the bodies that trigger, patch, list and clear them.
 */
import { DagVersionResponse, dagVersionResponse } from "./dag-versions.ts";
import {
  dateIn,
  intIn,
  dateOut,
  nullableDate,
  nullableText,
  numberIn,
  pageQuery,
  wireDate,
  wireDateOrNull,
  wireDuration,
} from "./wire-value.ts";
import * as z from "zod/mini";
import type { DagRunTriggeredBy } from "../../model/dag-run.ts";
import type { DagRunFields, DagVersion, Range } from "../ports.ts";

export const DAG_RUN_STATES = ["queued", "running", "success", "failed"] as const;
export const DAG_RUN_TYPES = ["backfill", "scheduled", "manual", "asset_triggered"] as const;

export const DAGRunResponse = z.object({
  dag_run_id: z.string(),
  dag_id: z.string(),
  logical_date: nullableDate,
  queued_at: nullableDate,
  start_date: nullableDate,
  end_date: nullableDate,
  duration: z.nullable(z.number()),
  data_interval_start: nullableDate,
  data_interval_end: nullableDate,
  run_after: dateOut,
  last_scheduling_decision: nullableDate,
  run_type: z.enum(DAG_RUN_TYPES),
  state: z.enum(DAG_RUN_STATES),
  triggered_by: z.nullable(z.enum(["cli", "operator", "rest_api", "ui", "test", "timetable", "asset", "backfill"])),
  triggering_user_name: nullableText,
  conf: z.nullable(z.record(z.string(), z.unknown())),
  note: nullableText,
  dag_versions: z.array(DagVersionResponse),
  bundle_version: nullableText,
  dag_display_name: z.string(),
  partition_key: nullableText,
  partition_date: nullableDate,
});

export const DAGRunCollectionResponse = z.object({
  dag_runs: z.array(DAGRunResponse),
  total_entries: z.int(),
  total_entries_limit: z.nullable(z.int()),
  next_cursor: nullableText,
  previous_cursor: nullableText,
});

const optionalDate = z.optional(z.nullable(dateIn));
const noteIn = z.nullable(z.string().check(z.maxLength(1000)));

/** `logical_date` must be there and may be null. */
export const TriggerDAGRunPostBody = z.strictObject({
  dag_run_id: z.optional(z.nullable(z.string())),
  data_interval_start: optionalDate,
  data_interval_end: optionalDate,
  logical_date: z.nullable(dateIn),
  run_after: optionalDate,
  conf: z.optional(z.nullable(z.record(z.string(), z.unknown()))),
  note: z.optional(z.nullable(z.string())),
  partition_key: z.optional(z.nullable(z.string())),
});

export const DAGRunPatchBody = z.strictObject({
  state: z.optional(z.nullable(z.enum(["queued", "success", "failed"]))),
  note: z.optional(noteIn),
});

export const DAGRunClearBody = z.strictObject({
  dry_run: z._default(z.boolean(), true),
  only_failed: z._default(z.boolean(), false),
  only_new: z._default(z.boolean(), false),
  run_on_latest_version: z.optional(z.nullable(z.boolean())),
  note: z.optional(noteIn),
});

/** `<field>_gte`, `_gt`, `_lte`, `_lt` for one field. */
type RangeKeys<Field extends string> = `${Field}_gte` | `${Field}_gt` | `${Field}_lte` | `${Field}_lt`;

function rangeShape<Field extends string, Schema extends z.ZodMiniType>(
  fields: readonly Field[],
  schema: Schema,
): Record<RangeKeys<Field>, z.ZodMiniOptional<z.ZodMiniNullable<Schema>>> {
  const keys = fields.flatMap((field): RangeKeys<Field>[] => [
    `${field}_gte`,
    `${field}_gt`,
    `${field}_lte`,
    `${field}_lt`,
  ]);
  const entries = keys.map((key): [RangeKeys<Field>, z.ZodMiniOptional<z.ZodMiniNullable<Schema>>] => [
    key,
    z.optional(z.nullable(schema)),
  ]);
  return fromKeys(entries);
}

function fromKeys<Key extends string, Value>(entries: readonly (readonly [Key, Value])[]): Record<Key, Value> {
  return Object.fromEntries(entries) as Record<Key, Value>;
}

const DATE_FIELDS = ["run_after", "logical_date", "start_date", "end_date"] as const;
/** Ranges in a query (text) and in a body (numbers). */
export const rangeQuery = { ...rangeShape(DATE_FIELDS, dateIn), ...rangeShape(["duration"], numberIn) };
export const rangeBody = { ...rangeShape(DATE_FIELDS, dateIn), ...rangeShape(["duration"], z.number()) };

export const dagRunListQuery = z.object({
  ...pageQuery,
  ...rangeQuery,
  run_type: z.optional(z.array(z.string())),
  state: z.optional(z.array(z.string())),
  run_id_pattern: z.optional(z.string()),
  dag_id_pattern: z.optional(z.string()),
  triggering_user_name_pattern: z.optional(z.string()),
  conf_contains: z.optional(z.string()),
  dag_version: z.optional(z.array(intIn)),
  ...rangeShape(["updated_at"], dateIn),
});

const pageBody = {
  order_by: z.optional(z.nullable(z.string())),
  page_offset: z._default(z.int().check(z.minimum(0)), 0),
  page_limit: z._default(z.int().check(z.minimum(0)), 100),
};

export const DAGRunsBatchBody = z.strictObject({
  ...pageBody,
  ...rangeBody,
  dag_ids: z.optional(z.nullable(z.array(z.string()))),
  states: z.optional(z.nullable(z.array(z.nullable(z.enum(DAG_RUN_STATES))))),
  conf_contains: z.optional(z.nullable(z.string())),
});

/** Reads the four bounds of one field. */
export function rangeOf(given: Readonly<Record<string, unknown>>, field: string): Range | undefined {
  const bound = (suffix: string): number | undefined => {
    const value = given[`${field}_${suffix}`];
    return typeof value === "number" ? value : undefined;
  };
  const range = { gte: bound("gte"), gt: bound("gt"), lte: bound("lte"), lt: bound("lt") };
  return Object.values(range).every((value) => value === undefined) ? undefined : range;
}

/** The ranges every list of runs and task instances takes. */
export function rangesOf(given: Readonly<Record<string, unknown>>): {
  runAfter: Range | undefined;
  logicalDate: Range | undefined;
  startDate: Range | undefined;
  endDate: Range | undefined;
  duration: Range | undefined;
} {
  return {
    runAfter: rangeOf(given, "run_after"),
    logicalDate: rangeOf(given, "logical_date"),
    startDate: rangeOf(given, "start_date"),
    endDate: rangeOf(given, "end_date"),
    duration: rangeOf(given, "duration"),
  };
}

/** Names of ours that Airflow has no word for show as the nearest of its own. */
const TRIGGERED_BY: Readonly<Record<DagRunTriggeredBy, NonNullable<z.infer<typeof DAGRunResponse>["triggered_by"]>>> = {
  rest_api: "rest_api",
  cli: "cli",
  ui: "ui",
  timetable: "timetable",
  backfill: "backfill",
  asset: "asset",
  webhook: "rest_api",
  operator: "operator",
  test: "test",
};

export function dagRunResponse(
  head: DagRunFields,
  displayName: string,
  version: DagVersion | null,
): z.infer<typeof DAGRunResponse> {
  return {
    dag_run_id: head.runId,
    dag_id: head.dagId,
    logical_date: wireDateOrNull(head.logicalDate),
    queued_at: wireDateOrNull(head.queuedAt),
    start_date: wireDateOrNull(head.startedAt),
    end_date: wireDateOrNull(head.endedAt),
    duration: wireDuration(head.startedAt, head.endedAt),
    data_interval_start: wireDateOrNull(head.dataIntervalStart),
    data_interval_end: wireDateOrNull(head.dataIntervalEnd),
    run_after: wireDate(head.runAfter),
    last_scheduling_decision: wireDateOrNull(head.lastNow),
    run_type: head.runType,
    state: head.state,
    triggered_by: TRIGGERED_BY[head.triggeredBy],
    triggering_user_name: head.triggeringUser,
    conf: { ...head.conf },
    note: head.note,
    dag_versions: version === null ? [] : [dagVersionResponse(version, displayName)],
    bundle_version: version?.bundleVersion ?? null,
    dag_display_name: displayName,
    partition_key: null,
    partition_date: null,
  };
}
