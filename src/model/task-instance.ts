/**
 * @module One task instance: numbers only, so that many pack into one row (`cloudflare/dag-run/rows.ts`). Texts (errors, notes, XComs) live beside it.
 */
import type { TaskInstanceState } from "./state.ts";

/** Instances that are stored together, by their place in the run, in its object as in the history. Part of the stored form of both. */
export const INSTANCES_PER_BLOCK = 64;

export interface TaskInstance {
  /** Place in `DagRun.instances`; never reused within a run. */
  readonly ord: number;
  /** Index in `DagSpec.tasks`. */
  readonly task: number;
  /** -1 when the task is not mapped, or not expanded yet. Changes once, when an unexpanded instance becomes index 0. */
  mapIndex: number;
  state: TaskInstanceState;
  /** Attempts so far: 0 before the first; raised when a new try becomes ready, not by a re-send, a loss or a poke. */
  tryNumber: number;
  /** Tries granted: `retries + 1`, more after a clear. */
  maxTries: number;
  /** Secret part of the open attempt's token; 0 when none is open. */
  nonce: number;
  /** `DagRun.seq` at the last change: feed and mirror read `seq > since`. */
  seq: number;
  /** Epoch ms, 0 = not yet. */
  scheduledAt: number;
  queuedAt: number;
  startedAt: number;
  endedAt: number;
  /** Next time this instance needs attention: re-send when queued, lease end when running, retry or poke time when waiting; 0 = none. */
  dueAt: number;
  /** Dispatches of the open attempt so far: doubles the re-send interval. */
  sends: number;
  /** Lost workers in this try; over the limit the try fails with `worker_lost`. */
  losses: number;
  /** Sensors: start of the first poke of the first try, from which the time-out counts; 0 = none. */
  firstPokedAt: number;
  /** Sensors: pokes so far, for the exponential interval. */
  pokes: number;
  /** Bit set, see `TaskInstanceFlag`. */
  flags: number;
  /** Wall time of all finished attempts of this instance's current try, ms (pokes add up). */
  elapsedMs: number;
  /** Number of its last acquisition of slots (`model/slot.ts`); never used again, whatever becomes of the instance. */
  slotAsk: number;
  /** How many of its task's limits have given it slots, in their order. */
  slotsHeld: number;
  /** Until then those slots are held; 0 = none are. */
  slotUntil: number;
}

/** Bits of `TaskInstance.flags`. Storage format: the numbers stay. */
export const TaskInstanceFlag = {
  /** An attempt was handed to the caller and has shown no sign of life yet. */
  HANDED_OFF: 4,
  /** Packed mates of a lost message are sent alone. */
  SEND_ALONE: 16,
  /** What it waits for changed while it looked: it looks again at once. */
  WOKEN: 32,
  /** The pool that gave the slots counts deferred tasks. */
  KEEPS_SLOTS_DEFERRED: 64,
} as const;

/** One finished try, kept when the next one starts (Airflow's task instance history). */
export interface TryRecord {
  readonly ord: number;
  readonly tryNumber: number;
  readonly state: TaskInstanceState;
  readonly queuedAt: number;
  readonly startedAt: number;
  readonly endedAt: number;
  readonly error: string | null;
}
