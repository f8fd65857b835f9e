/**
 * @module Operating errors: expected, handled, with a stable code. Across a border they travel as `ErrorInfo`; code tests `code`, never `instanceof`.
 */
import type { ErrorInfo } from "./outcome.ts";

interface ErrorCode {
  readonly status: number;
  readonly retryable: boolean;
  readonly doc: string;
}

/** Every code with its HTTP status. `docs/errors.md` is generated from this table. */
export const ERROR_CODES = {
  invalid_timetable: { status: 400, retryable: false, doc: "A timetable written as a class answers what cannot be." },
  invalid_cursor: { status: 400, retryable: false, doc: "The cursor is none that an answer of this call gave." },
  dag_not_found: { status: 404, retryable: false, doc: "No deployed DAG has this id." },
  dag_run_not_found: { status: 404, retryable: false, doc: "The DAG has no run with this id." },
  task_not_found: {
    status: 404,
    retryable: false,
    doc: "The DAG (in the version of the run) has no task with this id.",
  },
  task_instance_not_found: { status: 404, retryable: false, doc: "The run has no such task instance." },
  xcom_not_found: { status: 404, retryable: false, doc: "No XCom with this key was pushed." },
  notice_not_found: { status: 404, retryable: false, doc: "The run has told nothing with this id." },
  run_already_exists: { status: 409, retryable: false, doc: "A run with this id or this logical date exists already." },
  xcom_already_exists: {
    status: 409,
    retryable: false,
    doc: "An XCom with this key exists already; update it instead.",
  },
  invalid_params: { status: 400, retryable: false, doc: "The conf does not fit the DAG's declared params." },
  invalid_dag: {
    status: 422,
    retryable: false,
    doc: "The DAG definition breaks a rule (cycle, duplicate id, unknown upstream, bad duration or schedule).",
  },
  backfill_not_found: { status: 404, retryable: false, doc: "There is no backfill with this id." },
  backfill_already_running: { status: 409, retryable: false, doc: "The DAG has a backfill that has not ended yet." },
  backfill_completed: { status: 409, retryable: false, doc: "The backfill has ended, or was cancelled." },
  invalid_backfill: {
    status: 422,
    retryable: false,
    doc: "The backfill cannot be made as asked (range, direction, size, schedule); the message says why.",
  },
  schedule_not_found: { status: 404, retryable: false, doc: "There is no schedule with this id." },
  schedule_already_exists: { status: 409, retryable: false, doc: "A schedule with this id exists already." },
  invalid_schedule: {
    status: 422,
    retryable: false,
    doc: "The schedule cannot be made as asked (cron, time zone, dates); the message says why.",
  },
  invalid_request: { status: 422, retryable: false, doc: "A value of the request is not acceptable." },
  dag_import_error: {
    status: 400,
    retryable: false,
    doc: "The file of this DAG does not load; see the import errors.",
  },
  xcom_not_serializable: {
    status: 422,
    retryable: false,
    doc: "The value holds something that cannot be stored (function, promise, cycle, class instance).",
  },
  xcom_too_large: { status: 413, retryable: false, doc: "The value is over the limit of an R2 object." },
  xcom_corrupt: { status: 500, retryable: true, doc: "A stored XCom is missing or does not match its checksum." },
  branch_target_unknown: {
    status: 422,
    retryable: false,
    doc: "A branch answered with an id that is not a direct downstream task or group.",
  },
  value_not_mappable: { status: 422, retryable: false, doc: "A mapped task's input is neither a list nor an object." },
  handler_missing: {
    status: 500,
    retryable: false,
    doc: "The deployed code has no such task; the run was made with another version.",
  },
  fail_fast: {
    status: 500,
    retryable: false,
    doc: "The task was stopped because another one failed and the DAG has failFast.",
  },
  marked_failed: { status: 500, retryable: false, doc: "A user set the task to failed." },
  queue_not_bound: {
    status: 500,
    retryable: false,
    doc: "The task names a queue that the deployment does not bind; the message says which.",
  },
  worker_lost: { status: 500, retryable: true, doc: "The worker of an attempt vanished more often than allowed." },
  execution_timeout: { status: 500, retryable: true, doc: "The attempt ran longer than its executionTimeout." },
  stale_attempt: { status: 409, retryable: false, doc: "The attempt's token is no longer the current one." },
  variable_not_found: { status: 404, retryable: false, doc: "No variable has this name and no default was given." },
  connection_not_found: { status: 404, retryable: false, doc: "No connection has this id." },
  wrong_connection_type: {
    status: 422,
    retryable: false,
    doc: "The connection is of another type than the hook or operator takes.",
  },
  object_not_found: { status: 404, retryable: false, doc: "The bucket has no object with this key." },
  service_refused: {
    status: 502,
    retryable: true,
    doc: "A service that a hook called answered with an error; the message has its words.",
  },
  binding_missing: {
    status: 500,
    retryable: false,
    doc: "The Worker lacks a binding that a connection or an operator names.",
  },
  target_refused: {
    status: 422,
    retryable: false,
    doc: "The Worker may not call this address (private, loopback, metadata, odd port, its own name); `AIRFLARE_ALLOWED_HOSTS` lists exceptions.",
  },
  target_unreachable: {
    status: 502,
    retryable: true,
    doc: "The called host has no address, refused, or did not answer in time.",
  },
  answer_too_large: { status: 502, retryable: false, doc: "The called host answered with more bytes than allowed." },
  not_migrated: {
    status: 503,
    retryable: true,
    doc: "The D1 migrations are not applied: run `npm run deploy`, which applies them.",
  },
  not_configured: {
    status: 503,
    retryable: true,
    doc: "A secret of the deployment is not set; the message names the command.",
  },
  history_unavailable: {
    status: 503,
    retryable: true,
    doc: "D1 does not answer; lists come back when it does. Runs go on.",
  },
  unauthenticated: { status: 401, retryable: false, doc: "No token was sent, or the credentials are wrong." },
  forbidden: { status: 403, retryable: false, doc: "The token is bad or has not the right for this route." },
} as const satisfies Record<string, ErrorCode>;

export type AirflareErrorCode = keyof typeof ERROR_CODES;

/** An expected error. The message says what happened, with the ids, and what to do. */
export class AirflareError extends Error {
  override readonly name = "AirflareError";
  readonly code: AirflareErrorCode;
  readonly details: Readonly<Record<string, unknown>>;
  constructor(
    code: AirflareErrorCode,
    message: string,
    options: { details?: Readonly<Record<string, unknown>>; cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}

/** Any thrown value as data. Stacks stay out unless asked for: they go to logs, never to API answers. */
export function errorInfo(thrown: unknown, withStack = false): ErrorInfo {
  if (!(thrown instanceof Error)) return { code: "Error", message: String(thrown) };
  const code = "code" in thrown && typeof thrown.code === "string" ? thrown.code : thrown.name;
  return {
    code,
    message: thrown.message,
    ...(withStack && thrown.stack !== undefined ? { stack: thrown.stack } : {}),
    ...(thrown.cause === undefined ? {} : { cause: errorInfo(thrown.cause) }),
  };
}
