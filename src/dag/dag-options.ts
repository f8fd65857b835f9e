/**
 * @module Options of a DAG, with Airflow's names and defaults (Airflow 3: no schedule, no catchup).
 */
import type { Duration } from "../lib/duration.ts";
import type { DagCallbacks } from "./callbacks.ts";
import type { DagDate } from "./days-ago.ts";
import type { DefaultArgs } from "./task-options.ts";
import type { ParamInputs, ParamRefs } from "./param.ts";
import type { ScheduleOverlap } from "../model/run-schedule.ts";
import type { Schedule } from "./schedule.ts";

export interface DagOptions<P extends ParamInputs = ParamInputs> extends DagCallbacks {
  /** Cron text or preset, `{ every: "6h" }`, `{ cron, timezone }`, `{ at }`, assets; default null: only triggered. */
  readonly schedule?: Schedule;
  /** Airflow 2's word: a cron here makes runs that cover the interval before them. Not beside `schedule`. */
  readonly scheduleInterval?: Schedule;
  /** A text without offset is a time of `timezone`. */
  readonly startDate?: DagDate;
  /** Inclusive. */
  readonly endDate?: Date | string;
  /** IANA name; default `UTC`. */
  readonly timezone?: string;
  /** `true` makes a run for each interval since `startDate`; default false. */
  readonly catchup?: boolean;
  /** Default 16. */
  readonly maxActiveRuns?: number;
  /** Of one run; default 16. */
  readonly maxActiveTasks?: number;
  /** Pauses the DAG after so many failed runs in a row; 0 = never. */
  readonly maxConsecutiveFailedDagRuns?: number;
  readonly dagrunTimeout?: Duration;
  /**
   * When the schedule is due while a run that it made before is not over: `queue` (default, as Airflow) makes a further run as far as `maxActiveRuns`
   * allows; `skip` makes none; `cancel_running` cancels the open ones and makes it. Not beside `catchup`.
   */
  readonly overlap?: ScheduleOverlap;
  /** How long ended runs are kept, with their logs and XComs: at least one day; null = for ever. Default: the deployment's, 90 days. */
  readonly retention?: Duration | null;
  /** The first failed task ends the run. Needs `all_success` everywhere. */
  readonly failFast?: boolean;
  readonly isPausedUponCreation?: boolean;
  readonly displayName?: string;
  readonly description?: string;
  /** Markdown; common indentation is removed. */
  readonly docMd?: string;
  readonly tags?: readonly string[];
  readonly params?: P;
  readonly defaultArgs?: DefaultArgs;
}

/** What a DAG's body is handed. */
export interface DagBodyArgs<P extends ParamInputs> {
  readonly params: ParamRefs<P>;
}
