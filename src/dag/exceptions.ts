/**
 * @module Task signals: what an author's code throws to say how its attempt ended. Airflow's names.
 *
 * Each has a `code` equal to its name as an own property: class identity does not survive RPC or two copies of the package, so code tests `code`.
 */

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

/**
 * Leaves the worker and runs the task again at `resumeDate`, in the same try. Airflow's trigger is a time here.
 * @example
 * throw new TaskDeferred(new Date("2026-01-01T06:00:00Z"));
 */
export class TaskDeferred extends AirflowRescheduleException {
  override readonly name = "TaskDeferred";
  override readonly code = "TaskDeferred";
}
