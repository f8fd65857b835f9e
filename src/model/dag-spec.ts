/**
 * @module The serialized DAG ("DagSpec"): plain JSON made from an author's `dag(...)`, stored by hash, pinned by each run.
 */
import type { AssetCondition } from "./asset.ts";
import type { ExpandSpec } from "./arg-expr.ts";
import type { ScheduleOverlap } from "./run-schedule.ts";
import type { DagId, GroupId } from "./ids.ts";
import type { TaskSpec } from "./task-spec.ts";

/** `v` of the stored form; a reader accepts its own and the one before. */
export const DAG_SPEC_VERSION = 1;

export interface TaskGroupSpec {
  readonly groupId: GroupId;
  readonly parent: GroupId | null;
  readonly label: string;
  readonly tooltip: string;
  readonly prefixGroupId: boolean;
  /** Set when the group is mapped: every task inside runs once per element. */
  readonly expand: ExpandSpec | null;
}

/** One declared param. `schema` is JSON schema with `default` inside when there is one. */
export interface ParamSpec {
  readonly schema: Readonly<Record<string, unknown>>;
  /** The default value; absent when the param is required. */
  readonly value?: unknown;
  readonly description: string | null;
}

/** A distance in time, counted in UTC: calendar months first (a day the month does not have becomes its last), then milliseconds. */
export interface DeltaSpec {
  readonly months: number;
  readonly ms: number;
}

/** A run that has not succeeded `intervalMs` after the reference has missed its deadline. */
export interface DeadlineSpec {
  readonly reference:
    | { readonly kind: "logical_date" }
    | { readonly kind: "queued_at" }
    | { readonly kind: "fixed"; readonly at: number }
    /** When the run was queued and as long as the last `maxRuns` runs took on average; none while there are fewer than `minRuns`. */
    | { readonly kind: "average_runtime"; readonly maxRuns: number; readonly minRuns: number };
  readonly intervalMs: number;
}

/** When runs are made; Airflow's timetables as data. */
export type ScheduleSpec =
  | { readonly kind: "none" }
  /** Airflow 3's plain cron: logical date = fire time, an interval of no length unless `interval` says how far back it begins. */
  | {
      readonly kind: "cron-trigger";
      readonly crons: readonly string[];
      readonly timezone: string;
      readonly interval?: DeltaSpec;
      /** Without a start date: `true` = the last fire at once, a number = if it is at most so many ms ago, else a tenth of the gap. */
      readonly runImmediately?: boolean | number;
    }
  /** Airflow 2's cron: the run covers the interval and is made at its end. */
  | { readonly kind: "cron-data-interval"; readonly cron: string; readonly timezone: string }
  | {
      readonly kind: "delta-trigger";
      readonly everyMs: number;
      /** Calendar months added before `everyMs`. */
      readonly everyMonths?: number;
      readonly interval?: DeltaSpec;
    }
  | { readonly kind: "delta-data-interval"; readonly everyMs: number; readonly everyMonths?: number }
  | { readonly kind: "once" }
  | { readonly kind: "continuous" }
  /** `restrictToEvents`: a run by hand belongs to the event before it. */
  | { readonly kind: "events"; readonly at: readonly number[]; readonly restrictToEvents?: boolean }
  /** The author's own class, asked in a Worker. */
  | { readonly kind: "custom" }
  /** Events of assets alone (`DagSpec.assets`). */
  | { readonly kind: "assets"; readonly uris: readonly string[] };

export interface DagSpec {
  readonly v: number;
  readonly dagId: DagId;
  readonly displayName: string | null;
  readonly description: string | null;
  readonly docMd: string | null;
  /** Sorted, distinct. */
  readonly tags: readonly string[];
  /** Path below the DAG folder. */
  readonly relativeFileloc: string;
  readonly schedule: ScheduleSpec;
  readonly scheduleText: string | null;
  /** Makes a run whenever it holds, beside the schedule's own. */
  readonly assets?: AssetCondition;
  readonly timezone: string;
  /**
   * Epoch ms. `daysAgo(n)` is kept as `{ daysAgo: n }`, resolved when a schedule is computed, so that a moving date makes no new version.
   */
  readonly startDate: number | { readonly daysAgo: number } | null;
  readonly endDate: number | null;
  readonly catchup: boolean;
  readonly maxActiveRuns: number;
  readonly maxActiveTasks: number;
  readonly maxConsecutiveFailedDagRuns: number;
  readonly dagrunTimeoutMs: number | null;
  /** What the schedule does while a run that it made before is not over; absent: `queue`. */
  readonly overlap?: ScheduleOverlap;
  /** How long an ended run is kept, ms; null: for ever. Absent: as the deployment says. */
  readonly retentionMs?: number | null;
  /** Whose SLAs count; absent: those of scheduled runs. */
  readonly slaRuns?: "all";
  /** Absent: none. */
  readonly deadlines?: readonly DeadlineSpec[];
  readonly failFast: boolean;
  readonly isPausedUponCreation: boolean;
  readonly params: Readonly<Record<string, ParamSpec>>;
  readonly renderTemplateAsNativeObj: boolean;
  /** As the author wrote them, JSON projection, for display. */
  readonly defaultArgs: Readonly<Record<string, unknown>>;
  readonly callbacks: readonly ("success" | "failure" | "sla_miss")[];
  readonly groups: readonly TaskGroupSpec[];
  /** In order of creation. `TaskInstance.task` is an index into this list. */
  readonly tasks: readonly TaskSpec[];
  /** One sentence for each option that has no effect yet, naming DAG, task and option. */
  readonly warnings: readonly string[];
}
