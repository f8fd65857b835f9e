/**
 * @module The result of one attempt as a value. `runtime/outcome.ts` makes it from whatever the author's code returned or threw; from there on it is data.
 */
import type { AttemptToken } from "./ids.ts";
import type { Deferral } from "./deferral.ts";
import type { XComWrite } from "./xcom.ts";

/** An error as it crosses borders: class identity does not survive RPC, queues or two copies of a package. */
export interface ErrorInfo {
  /** Class name or error code: `AirflowFailException`, `TypeError`, `xcom_too_large`. */
  readonly code: string;
  readonly message: string;
  readonly stack?: string;
  readonly retryable?: boolean;
  readonly cause?: ErrorInfo;
}

export type AttemptOutcome =
  | {
      readonly kind: "success";
      readonly xcoms: readonly XComWrite[];
      /** For each of the task's `reportLengths`: length of the list or object, `null` when the value is neither. */
      readonly lengths?: Readonly<Record<string, number | null>>;
      /** `branch` only: the task or group ids to follow; empty = skip all direct downstream. The engine checks that they exist. */
      readonly follow?: readonly string[];
      /** `short_circuit` only: true when the condition was false. */
      readonly shortCircuited?: boolean;
      /** What the task says about its update of an outlet, by URI. */
      readonly outletExtra?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
    }
  /** `retry: false` for AirflowFailException and sensor time-outs: no retry whatever `retries` says. */
  | {
      readonly kind: "failed";
      readonly error: ErrorInfo;
      readonly retry: boolean;
      readonly retryAfterMs?: number;
      readonly xcoms?: readonly XComWrite[];
    }
  | { readonly kind: "skipped"; readonly reason: string; readonly xcoms?: readonly XComWrite[] }
  /** Sensor poked false, or `AirflowRescheduleException`: again at `at` (epoch ms), same try. */
  | { readonly kind: "reschedule"; readonly at: number; readonly xcoms?: readonly XComWrite[] }
  /** `TaskDeferred`, or its trigger was looked at and has not fired: nothing to do before `at`. */
  | {
      readonly kind: "deferred";
      readonly at: number;
      readonly deferral: Deferral;
      readonly xcoms?: readonly XComWrite[];
    };

/** What a driver reports for one attempt. Times are the driver's clock, used for display and durations only. */
export interface AttemptReport {
  readonly token: AttemptToken;
  readonly outcome: AttemptOutcome;
  readonly startedAt: number;
  readonly endedAt: number;
  /** Token of the next task of a linear segment, which this driver went on with (`AttemptOrder.next`). */
  readonly continuedBy?: AttemptToken;
  /** Log lines not yet sent by a heartbeat, newline-separated JSON (`runtime/task-log.ts`). */
  readonly log?: string;
}
