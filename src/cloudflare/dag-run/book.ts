/**
 * @module What the host of a run keeps beside the engine's state: how far the history has it, what is not sent yet, what it cost.
 * Stored in the same row as the changing part of the head, so that keeping it costs no row of its own.
 */
import type { SlotRelease } from "../../model/command.ts";
import type { RunUsage } from "../../model/protocol.ts";
import type { TaskInstanceState } from "../../model/state.ts";

export interface Book {
  /** Every change up to this `seq` is in the history. */
  mirroredSeq: number;
  /** Time of the last acknowledged push, epoch ms; 0 = none. */
  mirroredAt: number;
  /** The engine's next due time, so that a restart can arm the alarm without a step. */
  wakeAt: number | null;
  /** Ords whose queue message was not known to be sent when this row was written: sent (again) at boot. */
  unsent: readonly number[];
  /** Logs of generations up to this one are archived, or small enough to stay. */
  logsSettledGeneration: number;
  /** States by task id of which the DAG's object is told at once, because somebody waits for them. */
  tellOf?: Readonly<Record<string, readonly TaskInstanceState[]>>;
  /** Ords that have to ask for slots, and slots given back, of which the limits' objects may not know yet. */
  slotAsks?: readonly number[];
  slotReleases?: readonly SlotRelease[];
  /** `default_pool` has a size. */
  limitsDefaultPool?: boolean;
  usage: RunUsage;
}

export function newBook(): Book {
  return {
    mirroredSeq: 0,
    mirroredAt: 0,
    wakeAt: null,
    unsent: [],
    logsSettledGeneration: -1,
    usage: { objectCalls: 0, queueMessages: 0, rowsWritten: 0, alarms: 0, r2Writes: 0 },
  };
}
