/**
 * @module Backfills on the wire: Airflow's bodies, and our own progress.
 */
import * as z from "zod/mini";
import type { Backfill, BackfillProgress, BackfillRequest } from "../../model/backfill.ts";
import { dateIn, dateOut, nullableDate, nullableText, pageQuery, wireDate, wireDateOrNull } from "./wire-value.ts";

const ReprocessBehavior = z.enum(["failed", "completed", "none"]);
const conf = z.nullable(z.record(z.string(), z.unknown()));

export const BackfillPostBody = z.strictObject({
  dag_id: z.string(),
  from_date: dateIn,
  to_date: dateIn,
  run_backwards: z._default(z.boolean(), false),
  dag_run_conf: z.optional(conf),
  reprocess_behavior: z._default(ReprocessBehavior, "none"),
  max_active_runs: z._default(z.int(), 10),
  run_on_latest_version: z.optional(z.nullable(z.boolean())),
});

export const BackfillResponse = z.object({
  id: z.int(),
  dag_id: z.string(),
  from_date: dateOut,
  to_date: dateOut,
  dag_run_conf: conf,
  is_paused: z.boolean(),
  reprocess_behavior: ReprocessBehavior,
  max_active_runs: z.int(),
  created_at: dateOut,
  completed_at: nullableDate,
  updated_at: dateOut,
  dag_display_name: z.string(),
});

export const BackfillCollectionResponse = z.object({
  backfills: z.array(BackfillResponse),
  total_entries: z.int(),
});

export const DryRunBackfillCollectionResponse = z.object({
  backfills: z.array(
    z.object({ logical_date: nullableDate, partition_key: nullableText, partition_date: nullableDate }),
  ),
  total_entries: z.int(),
});

export const BackfillProgressResponse = z.object({
  id: z.int(),
  dag_id: z.string(),
  total: z.int(),
  left: z.int(),
  skipped: z.int(),
  queued: z.int(),
  running: z.int(),
  success: z.int(),
  failed: z.int(),
  completed_at: nullableDate,
});

export const backfillListQuery = z.object({ ...pageQuery, dag_id: z.string() });

export function backfillRequest(body: z.infer<typeof BackfillPostBody>): BackfillRequest {
  return {
    fromDate: body.from_date,
    toDate: body.to_date,
    runBackwards: body.run_backwards,
    conf: body.dag_run_conf ?? null,
    reprocessBehavior: body.reprocess_behavior,
    ...(body.run_on_latest_version === true ? { runOnLatestVersion: true } : {}),
    maxActiveRuns: body.max_active_runs,
  };
}

export function backfillResponse(backfill: Backfill, displayName: string): z.infer<typeof BackfillResponse> {
  return {
    id: backfill.backfillId,
    dag_id: backfill.dagId,
    from_date: wireDate(backfill.fromDate),
    to_date: wireDate(backfill.toDate),
    dag_run_conf: backfill.conf === null ? null : { ...backfill.conf },
    is_paused: backfill.isPaused,
    reprocess_behavior: backfill.reprocessBehavior,
    max_active_runs: backfill.maxActiveRuns,
    created_at: wireDate(backfill.createdAt),
    completed_at: wireDateOrNull(backfill.completedAt),
    updated_at: wireDate(backfill.updatedAt),
    dag_display_name: displayName,
  };
}

export function dryRunResponse(logicalDates: readonly number[]): z.infer<typeof DryRunBackfillCollectionResponse> {
  return {
    backfills: logicalDates.map((at) => ({ logical_date: wireDate(at), partition_key: null, partition_date: null })),
    total_entries: logicalDates.length,
  };
}

export function progressResponse(
  backfill: Backfill,
  progress: BackfillProgress,
): z.infer<typeof BackfillProgressResponse> {
  return {
    id: backfill.backfillId,
    dag_id: backfill.dagId,
    ...progress,
    completed_at: wireDateOrNull(backfill.completedAt),
  };
}
