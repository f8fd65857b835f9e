/**
 * @module What comes out of a run. Only commands that leave no trace in the rows are listed here (they become outbox rows); dispatches and
 * history writes are derived from the rows themselves and stand in `StepResult`.
 */
import type { AttemptReport, ErrorInfo } from "./outcome.ts";
import type { AttemptToken, TaskId } from "./ids.ts";
import type { DagRunState } from "./state.ts";
import type { Notice } from "./notice.ts";
import type { SlotRef } from "./slot.ts";
import type { TryRecord } from "./task-instance.ts";

export type Command =
  /** Carried out by a Worker. */
  | Notice
  /** Tell the DAG object that the run ended, or runs again (`state: "running"` after a clear). */
  | { readonly kind: "run-state"; readonly id: string; readonly state: DagRunState; readonly generation: number }
  /** Tell the object of asset `uri` that a task has updated it. */
  | {
      readonly kind: "asset-event";
      /** The attempt's token. */
      readonly id: string;
      readonly uri: string;
      readonly extra: Readonly<Record<string, unknown>>;
      readonly taskId: TaskId;
      readonly mapIndex: number;
      readonly at: number;
    }
  /** Ask the DAG object about the same task in the previous run (`depends_on_past`, `wait_for_downstream`); answered by `watched-state`, maybe later. */
  | {
      readonly kind: "watch";
      readonly id: string;
      readonly watchId: string;
      readonly taskId: TaskId;
      /** Direct downstream task ids that must be done too (`wait_for_downstream`), else empty. */
      readonly downstream: readonly TaskId[];
      readonly ignoreFirst: boolean;
    };

/** Slots that a run gives back to a limit, or a request that it takes back. */
export interface SlotRelease extends SlotRef {
  readonly limit: string;
}

/** What one event changed and asks for. The host writes all of it in one transaction. */
export interface StepResult {
  /** True when anything below or the head changed; false = nothing to write. */
  readonly changed: boolean;
  /** Ords of changed or new instances. */
  readonly instances: readonly number[];
  /** Ords whose `facts` changed. */
  readonly facts: readonly number[];
  /** Tries that became history: a failed one that is retried, and the last one of an instance that is cleared. The running or last try is the instance itself. */
  readonly tries: readonly TryRecord[];
  /** Reports that counted: the host stores their XComs, errors and logs. A success that the engine refused (bad branch, unmappable value) is told as the failure it became. */
  readonly accepted: readonly { readonly ord: number; readonly report: AttemptReport }[];
  /** Tokens that were refused: their attempt is over or was never open. Nothing of them is stored. */
  readonly stale: readonly AttemptToken[];
  /** Ords whose XComs vanish, because a new try starts or a clear reset them. */
  readonly xcomsCleared: readonly number[];
  /** Errors that did not come with a report (lost worker, timeout, bad branch, unmappable value), by ord. */
  readonly errors: readonly { readonly ord: number; readonly error: ErrorInfo }[];
  /** Notes set, by ord; `-1` is the run's own (in the head). */
  readonly notes: readonly { readonly ord: number; readonly note: string | null }[];
  /** Queued ords to send through the task queue now. */
  readonly dispatch: readonly number[];
  /** Ords already `running` for the caller: the answer carries them. */
  readonly handOff: readonly number[];
  readonly commands: readonly Command[];
  /** Ords that ask the next of their limits for slots. */
  readonly asks: readonly number[];
  /** Ords whose slots are to be renewed. */
  readonly renewals: readonly number[];
  /** Slots given back, and places in waiting lists. A repeat is harmless. */
  readonly releases: readonly SlotRelease[];
  /** Earliest `dueAt` of all, or null: the alarm. */
  readonly nextWakeAt: number | null;
}
