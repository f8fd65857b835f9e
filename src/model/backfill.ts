/**
 * @module A backfill: what is asked for, what the DAG's object answers. Times are epoch ms.
 */
import type { ErrorInfo } from "./outcome.ts";
import type { DagId, SpecHash } from "./ids.ts";

/** What happens to runs that have ended already: left alone, run again if they failed, run again all. Runs in flight are always left alone. */
export type ReprocessBehavior = "none" | "failed" | "completed";

export interface BackfillRequest {
  readonly fromDate: number;
  /** Inclusive. */
  readonly toDate: number;
  readonly runBackwards: boolean;
  /** Null: none given; runs that are run again then keep theirs. */
  readonly conf: Readonly<Record<string, unknown>> | null;
  readonly reprocessBehavior: ReprocessBehavior;
  /** Runs that are run again go on with the DAG's present version; absent: with their own. */
  readonly runOnLatestVersion?: boolean;
  /** The backfill's own limit; the DAG's `max_active_runs` does not count here. */
  readonly maxActiveRuns: number;
}

export interface Backfill extends BackfillRequest {
  /** Unique over all DAGs, given by the history. */
  readonly backfillId: number;
  readonly dagId: DagId;
  readonly triggeringUser: string | null;
  readonly isPaused: boolean;
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly completedAt: number | null;
}

/** How far a backfill is: `total` slots are `left` + `skipped` + the runs by state, and those that a cancelled backfill never came to. */
export interface BackfillProgress {
  readonly total: number;
  readonly left: number;
  /** Slots whose run was in flight, or had ended and was not to be run again. */
  readonly skipped: number;
  readonly queued: number;
  readonly running: number;
  readonly success: number;
  readonly failed: number;
}

export type BackfillOrder =
  | { readonly kind: "dry-run"; readonly specHash: SpecHash; readonly request: BackfillRequest }
  /** The same id again answers the backfill that is there. */
  | {
      readonly kind: "create";
      readonly specHash: SpecHash;
      readonly request: BackfillRequest;
      readonly backfillId: number;
      readonly triggeringUser: string | null;
    }
  | { readonly kind: "read" | "pause" | "unpause" | "cancel"; readonly backfillId: number };

export type BackfillAnswer =
  | { readonly kind: "planned"; readonly logicalDates: readonly number[] }
  | { readonly kind: "backfill"; readonly backfill: Backfill; readonly progress: BackfillProgress }
  /** As for `createRun`: sync the deployed spec, then ask again. */
  | { readonly kind: "spec-needed"; readonly have: SpecHash | null }
  | { readonly kind: "refused"; readonly error: ErrorInfo };
