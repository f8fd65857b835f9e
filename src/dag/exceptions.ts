/**
 * @module Task signals: what an author's code throws to say how its attempt ended. Airflow's names.
 *
 * Each has a `code` equal to its name as an own property: class identity does not survive RPC or two copies of the package, so code tests `code`.
 */
import type { Duration } from "../lib/duration.ts";
import type { Trigger } from "./triggers.ts";

/**
 * The attempt failed; retries follow the task's policy, as for any other error.
 * @example
 * throw new AirflowException("the API answered 500");
 */
export class AirflowException extends Error {
  override readonly name: string = "AirflowException";
  readonly code: string = "AirflowException";
}

/**
 * The attempt failed and no retry follows, whatever `retries` says.
 * @example
 * if (rows < 0) throw new AirflowFailException("negative row count");
 */
export class AirflowFailException extends AirflowException {
  override readonly name = "AirflowFailException";
  override readonly code = "AirflowFailException";
}

/**
 * The task instance ends as skipped.
 * @example
 * if (rows.length === 0) throw new AirflowSkipException("nothing to do");
 */
export class AirflowSkipException extends AirflowException {
  override readonly name = "AirflowSkipException";
  override readonly code = "AirflowSkipException";
}

/**
 * Runs the task again at `rescheduleDate`, in the same try; no worker is held meanwhile.
 * @example
 * throw new AirflowRescheduleException(new Date(Date.now() + 60_000));
 */
export class AirflowRescheduleException extends AirflowException {
  override readonly name: string = "AirflowRescheduleException";
  override readonly code: string = "AirflowRescheduleException";
  readonly rescheduleDate: Date;
  constructor(rescheduleDate: Date, message = `again at ${rescheduleDate.toISOString()}`) {
    super(message);
    this.rescheduleDate = rescheduleDate;
  }
}

/**
 * A sensor waited longer than its `timeout`: fails without a retry, or skips with `softFail`.
 * @example
 * throw new AirflowSensorTimeout("no file within the hour");
 */
export class AirflowSensorTimeout extends AirflowException {
  override readonly name = "AirflowSensorTimeout";
  override readonly code = "AirflowSensorTimeout";
}

/**
 * The attempt ran longer than its `executionTimeout`; retries follow the task's policy.
 * @example
 * onFailureCallback: (c) => c.exception instanceof AirflowTaskTimeout && c.log.error("too slow");
 */
export class AirflowTaskTimeout extends AirflowException {
  override readonly name = "AirflowTaskTimeout";
  override readonly code = "AirflowTaskTimeout";
}

/** How a task that defers goes on. */
export interface DeferOptions {
  /** What ends the wait: `dateTimeTrigger`, `timeDeltaTrigger`, `externalTaskTrigger`, `httpTrigger`. */
  readonly trigger: Trigger;
  /** Name among the task's `resume` functions; without one the task's own function is called again. */
  readonly method?: string;
  /** Values for the resumed function, in `ctx.resumed.kwargs`. */
  readonly kwargs?: Readonly<Record<string, unknown>>;
  /** The wait fails with `TaskDeferralTimeout` after this; retries follow the task's policy. */
  readonly timeout?: Duration;
}

/**
 * Leaves the worker until a trigger fires, in the same try: state `deferred`, no worker is held. A date alone is a trigger, too.
 * @example
 * const collect = task("collect", async (_: object, ctx) => {
 *   if (ctx.resumed === undefined) throw new TaskDeferred({ trigger: timeDeltaTrigger("10m"), kwargs: { job: "job-7" }, timeout: "1h" });
 *   return ctx.resumed.kwargs["job"] === "job-7";
 * });
 */
export class TaskDeferred extends AirflowException {
  override readonly name = "TaskDeferred";
  override readonly code = "TaskDeferred";
  readonly options: DeferOptions;
  constructor(options: DeferOptions | Date) {
    const given = options instanceof Date ? { trigger: { kind: "date-time", at: options } as const } : options;
    super(`deferred with a ${given.trigger.kind} trigger`);
    this.options = given;
  }
}

/**
 * A deferral whose trigger did not fire in time; retries follow the task's policy.
 * @example
 * onFailureCallback: (c) => c.exception instanceof TaskDeferralTimeout && c.log.error("nobody answered");
 */
export class TaskDeferralTimeout extends AirflowException {
  override readonly name = "TaskDeferralTimeout";
  override readonly code = "TaskDeferralTimeout";
}
