/**
 * @module Notices: what a run tells people and other systems. Each is made with the change that it tells of, has an id that is the same on every repeat,
 * and is carried out in a Worker until it is through: at least once, without effect on any state.
 */
import type { CallbackKind } from "./task-spec.ts";
import type { ErrorInfo } from "./outcome.ts";
import type { RunEndReason } from "./dag-run.ts";
import type { DeadlineSpec } from "./dag-spec.ts";
import type { TaskId } from "./ids.ts";
import type { TaskInstanceState } from "./state.ts";

/** An author's task callback. */
export interface TaskCallbackNotice {
  readonly kind: "task-callback";
  readonly id: string;
  /** `execute` is not among them: it runs in the attempt, before the task's function. */
  readonly callback: Exclude<CallbackKind, "execute">;
  readonly ord: number;
  readonly taskId: TaskId;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly error: ErrorInfo | null;
  readonly reason: string | null;
  /** Sent when the callback is through, whatever came of it. */
  readonly mail?: Omit<TaskMailNotice, "error">;
}

/** An author's callback for the end of a run. */
export interface DagCallbackNotice {
  readonly kind: "dag-callback";
  readonly id: string;
  readonly callback: "success" | "failure";
  readonly reason: RunEndReason;
}

/** The mail about a failed try (`email`, `emailOnFailure`, `emailOnRetry`). */
export interface TaskMailNotice {
  readonly kind: "task-mail";
  readonly id: string;
  readonly about: "failure" | "retry";
  readonly to: readonly string[];
  readonly ord: number;
  readonly taskId: TaskId;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly error: ErrorInfo | null;
}

/** What missed SLAs are told with. */
interface SlaMisses {
  readonly misses: readonly { readonly taskId: TaskId; readonly at: number }[];
  /** Task instances without success. */
  readonly blocking: readonly {
    readonly taskId: TaskId;
    readonly mapIndex: number;
    readonly state: TaskInstanceState;
  }[];
  /** When that was. */
  readonly at: number;
}

/** SLAs that were missed at the same time, for the author's callback. */
export interface SlaMissNotice extends SlaMisses {
  readonly kind: "sla-miss";
  readonly id: string;
  /** Sent when the callback is through. */
  readonly mail?: SlaMailNotice;
}

/** The mail about them, to the addresses of the tasks. */
export interface SlaMailNotice extends SlaMisses {
  readonly kind: "sla-mail";
  readonly id: string;
  readonly to: readonly string[];
}

/** A missed deadline, by its place among the DAG's. */
export interface DeadlineMissNotice {
  readonly kind: "deadline-miss";
  readonly id: string;
  readonly index: number;
  readonly reference: DeadlineSpec["reference"]["kind"];
  readonly at: number;
}

export type Notice =
  | TaskCallbackNotice
  | DagCallbackNotice
  | TaskMailNotice
  | SlaMissNotice
  | SlaMailNotice
  | DeadlineMissNotice;

/** How one try to carry a notice out went: `retry` = it is tried again later. */
export type NoticeOutcome =
  | { readonly kind: "done"; readonly detail?: string }
  | { readonly kind: "failed"; readonly retry: boolean; readonly detail: string };

/** `waiting` for a Worker or the next try, `running` in a Worker, `done`, `failed`: given up. */
export type NoticeState = "waiting" | "running" | "done" | "failed";

/** One try as the delivery log shows it. */
export interface NoticeTry {
  readonly at: number;
  readonly ok: boolean;
  /** What was answered, or what went wrong. */
  readonly detail: string | null;
}

/** A notice as the run's object keeps it. */
export interface NoticeRecord {
  readonly notice: Notice;
  readonly state: NoticeState;
  /** Tries to carry it out. */
  readonly attempts: number;
  /** Next try, or look; null = none. */
  readonly dueAt: number | null;
  /** The last ones. */
  readonly tries: readonly NoticeTry[];
}

/** The instance that a notice is about, if it is about one. */
export function taskOfNotice(
  notice: Notice,
): { readonly taskId: TaskId; readonly mapIndex: number; readonly tryNumber: number } | null {
  return notice.kind === "task-callback" || notice.kind === "task-mail" ? notice : null;
}

/** What is to be sent when a callback is through. */
export function mailBehind(notice: Notice): Notice | undefined {
  if (notice.kind === "sla-miss") return notice.mail;
  if (notice.kind !== "task-callback" || notice.mail === undefined) return undefined;
  return { ...notice.mail, error: notice.error };
}
