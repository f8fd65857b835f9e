/**
 * @module Queue messages: the closed list. A consumer that meets an unknown `v` or kind retries later (a newer deploy may be rolling out).
 */
import type { AttemptToken, DagId, Incarnation, RunId, TaskId } from "./ids.ts";
import type { TimetableOrder } from "./custom-timetable.ts";
import type { Notice } from "./notice.ts";

export const MESSAGE_VERSION = 1;

interface MessageBase {
  readonly v: number;
  /** Same for every repeat of the same order. */
  readonly key: string;
}

export type TaskMessage =
  /** Attempts of one run, up to 10 when known short, else one. */
  | (MessageBase & {
      readonly kind: "attempts";
      readonly dagId: DagId;
      readonly runId: RunId;
      readonly incarnation: Incarnation;
      readonly tokens: readonly AttemptToken[];
    })
  /** A notice to carry out. */
  | (MessageBase & {
      readonly kind: "callback";
      readonly dagId: DagId;
      readonly runId: RunId;
      readonly incarnation: Incarnation;
      readonly taskId: TaskId | null;
      readonly command: Notice;
    })
  /** An author's timetable is asked for the runs ahead. */
  | (MessageBase & { readonly kind: "timetable"; readonly order: TimetableOrder })
  /** The history of a DAG is put in order: what retention removes, what objects and D1 owe each other. */
  | (MessageBase & { readonly kind: "retention-page"; readonly dagId: DagId })
  /** An ended run: its spans go to the collector. */
  | (MessageBase & {
      readonly kind: "trace";
      readonly dagId: DagId;
      readonly runId: RunId;
      readonly incarnation: Incarnation;
    })
  /** A page of DAGs that are due: their objects are woken. */
  | (MessageBase & { readonly kind: "dag-tick-page"; readonly dagIds: readonly DagId[]; readonly scheduledAt: number })
  /** A page of DAGs that an asset's events are to be brought to. */
  | (MessageBase & { readonly kind: "asset-event"; readonly dagIds: readonly DagId[]; readonly uri: string })
  /** A page of DAGs that a deploy has changed or removed: brought in by this bundle only. */
  | (MessageBase & { readonly kind: "deploy-page"; readonly dagIds: readonly DagId[]; readonly bundleHash: string });

/** At most this many known-short attempts share a message. */
export const ATTEMPTS_PER_MESSAGE_MAX = 10;
/** An attempt is known short when its longest of the last 20 was below this. */
export const KNOWN_SHORT_MS = 1_000;
