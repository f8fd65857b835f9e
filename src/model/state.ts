/**
 * @module States of dag runs and task instances (Airflow 3's names), the table of allowed transitions, and the named sets callers use.
 */

export type DagRunState = "queued" | "running" | "success" | "failed";

/** Airflow's `None` is `"none"` here and `null` on the wire. */
export type TaskInstanceState =
  | "none"
  | "removed"
  | "scheduled"
  | "queued"
  | "running"
  | "success"
  | "restarting"
  | "failed"
  | "up_for_retry"
  | "up_for_reschedule"
  | "upstream_failed"
  | "skipped"
  | "deferred";

/** Order is storage format (packed rows hold the index): append only. */
export const TASK_INSTANCE_STATES = [
  "none",
  "removed",
  "scheduled",
  "queued",
  "running",
  "success",
  "restarting",
  "failed",
  "up_for_retry",
  "up_for_reschedule",
  "upstream_failed",
  "skipped",
  "deferred",
] as const satisfies readonly TaskInstanceState[];

const finished = ["removed", "success", "failed", "upstream_failed", "skipped"] as const;

/** End states: nothing but a user's clear or mark changes them. */
export const FINISHED_STATES: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>(finished);
/** States that count as failed for a run's leaves and for `one_failed`. */
export const FAILED_STATES: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>(["failed", "upstream_failed"]);
/** States from which the deps are evaluated. */
export const SCHEDULEABLE_STATES: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>([
  "none",
  "up_for_retry",
  "up_for_reschedule",
]);
/** States in which an attempt token is open: it may be claimed, extended or reported. */
export const OPEN_ATTEMPT_STATES: ReadonlySet<TaskInstanceState> = new Set<TaskInstanceState>(["queued", "running"]);
/** States of a run in which nothing more happens by itself. */
export const FINISHED_RUN_STATES: ReadonlySet<DagRunState> = new Set<DagRunState>(["success", "failed"]);

/**
 * Which state may follow which, by the engine's own decisions. A user's clear or mark may also go from any state to `none`, `success`,
 * `failed` or `skipped`. `removed` comes when a mapped task is expanded again and is shorter. A branch's skip overwrites `upstream_failed`.
 */
export const TASK_INSTANCE_TRANSITIONS: Readonly<Record<TaskInstanceState, readonly TaskInstanceState[]>> = {
  none: ["scheduled", "success", "skipped", "upstream_failed", "failed", "removed"],
  removed: ["none"],
  scheduled: ["queued", "skipped", "none", "removed"],
  // Back to `scheduled`: the slot under which it was opened is lost.
  queued: ["queued", "scheduled", "running", "skipped", "failed", "up_for_retry", "none", "removed"],
  running: [
    "success",
    "failed",
    "skipped",
    "up_for_retry",
    "up_for_reschedule",
    "deferred",
    "queued",
    "scheduled",
    "restarting",
    "removed",
  ],
  success: ["none", "removed"],
  restarting: ["none"],
  failed: ["none", "removed"],
  up_for_retry: ["scheduled", "success", "skipped", "upstream_failed", "failed", "none", "removed"],
  up_for_reschedule: ["scheduled", "skipped", "upstream_failed", "failed", "none", "removed"],
  upstream_failed: ["none", "skipped", "removed"],
  skipped: ["none", "removed"],
  deferred: ["scheduled", "skipped", "failed", "success", "up_for_retry", "none", "removed"],
};
