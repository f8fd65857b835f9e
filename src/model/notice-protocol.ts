/**
 * @module Calls about notices (callbacks, mails and the like) between the queue handler that carries them out and the run's object.
 */
import type { DagRunHead } from "./dag-run.ts";
import type { Incarnation } from "./ids.ts";
import type { Notice, NoticeOutcome, NoticeRecord } from "./notice.ts";
import type { TaskInstanceView } from "./protocol.ts";

export interface BeginNoticeRequest {
  readonly incarnation: Incarnation;
  readonly notice: Notice;
}
export interface BeginNoticeAnswer {
  readonly head: DagRunHead;
  /** The task instance that it is about; null for a notice about the run. */
  readonly view: TaskInstanceView | null;
  /** From 1; named again at the end. */
  readonly attempt: number;
}
export interface EndNoticeRequest {
  readonly incarnation: Incarnation;
  readonly id: string;
  readonly attempt: number;
  readonly outcome: NoticeOutcome;
  /** Lines for the task's log; newline-separated JSON. */
  readonly lines: string;
}

export interface RunNotices {
  /** Null: the run is gone, or the notice is through or in other hands. */
  beginNotice(request: BeginNoticeRequest): Promise<BeginNoticeAnswer | null>;
  endNotice(request: EndNoticeRequest): Promise<void>;
  /** What the run has told and is to tell. */
  readNotices(): Promise<readonly NoticeRecord[]>;
}
