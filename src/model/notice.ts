/**
 * @module Notices: what a run tells people and other systems. Each is made with the change that it tells of, has an id that is the same on every repeat,
 * and is carried out in a Worker until it is through: at least once, without effect on any state.
 */
import type { CallbackKind } from "./task-spec.ts";
import type { ErrorInfo } from "./outcome.ts";
import type { RunEndReason } from "./dag-run.ts";
import type { TaskId } from "./ids.ts";

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

export type Notice = TaskCallbackNotice | DagCallbackNotice | TaskMailNotice;

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
