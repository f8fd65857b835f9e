/**
 * @module A schedule made at run time over the API, beside the one in a DAG's file. Times are epoch ms.
 */
import type { ErrorInfo } from "./outcome.ts";
import type { DagId, RunId, SpecHash } from "./ids.ts";

/** When it fires. */
export type ScheduleTiming =
  | { readonly kind: "cron"; readonly cron: string; readonly timezone: string }
  /** Every so often, counted from `anchor`. */
  | { readonly kind: "every"; readonly everyMs: number; readonly anchor: number }
  | { readonly kind: "at"; readonly at: number };

/** What happens at a fire while a run of the same schedule is not over: a further run, none, or a new one in place of the open ones. */
export type ScheduleOverlap = "queue" | "skip" | "cancel_running";

/** What a caller decides. */
export interface ScheduleFields {
  readonly timing: ScheduleTiming;
  readonly conf: Readonly<Record<string, unknown>>;
  /** Whom the application made it for (a tenant); lists filter by it. */
  readonly key: string | null;
  readonly overlap: ScheduleOverlap;
  readonly isPaused: boolean;
  /** Inclusive; null = for ever. */
  readonly endDate: number | null;
}

/** What an edit changes; `timezone` alone is that of the cron there is. */
export type ScheduleChange = Partial<ScheduleFields> & { readonly timezone?: string };

export interface RunSchedule extends ScheduleFields {
  /** Unique over all DAGs. */
  readonly scheduleId: string;
  readonly dagId: DagId;
  readonly createdBy: string | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** Null: paused, over, or a cron that never fires. */
  readonly nextRunAt: number | null;
  readonly lastRunAt: number | null;
  readonly lastRunId: RunId | null;
}

export type ScheduleOrder =
  | {
      readonly kind: "create";
      readonly specHash: SpecHash;
      readonly scheduleId: string;
      readonly fields: ScheduleFields;
      readonly createdBy: string;
    }
  | {
      readonly kind: "patch";
      readonly specHash: SpecHash;
      readonly scheduleId: string;
      readonly change: ScheduleChange;
    }
  | { readonly kind: "read"; readonly scheduleId: string }
  | { readonly kind: "delete"; readonly scheduleId: string };

export type ScheduleAnswer =
  | { readonly kind: "schedule"; readonly schedule: RunSchedule }
  /** As for `createRun`: sync the deployed spec, then ask again. */
  | { readonly kind: "spec-needed"; readonly have: SpecHash | null }
  | { readonly kind: "refused"; readonly error: ErrorInfo };
