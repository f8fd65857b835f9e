/**
 * @module Slots of limits across runs (pools, `max_active_tis_per_dag`, concurrency keys): what a run asks of the object that owns a limit, and what it hears.
 *
 * A run names each acquisition by `ord` and `ask`, a number that never comes twice for one instance: a repeated, late or lost word about an older one
 * changes nothing.
 */
import type { DagId, Incarnation, RunId } from "./ids.ts";

/** One limit that a task is under. Names: `pool:<name>`, `tis:<dag>/<task>`, `key:<...>`. */
export interface SlotLimit {
  readonly name: string;
  /** Slots that one attempt takes. */
  readonly slots: number;
  /** The whole limit where the DAG says it; null where it is defined elsewhere (pools). */
  readonly limit: number | null;
}

/** Which acquisition of a run. */
export interface SlotRef {
  readonly ord: number;
  readonly ask: number;
}

/** Whose slots: one life of a run. */
export interface SlotHolder {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly incarnation: Incarnation;
}

export interface SlotRequest extends SlotRef {
  readonly slots: number;
  /** Higher first, then the older date, then the lower map index. */
  readonly priority: number;
  /** The run's logical date, or its `run_after`; epoch ms. */
  readonly since: number;
  readonly mapIndex: number;
}

/** All that one run has to say to one limit, in one call: what it gives back, asks for, and still holds. */
export interface SlotOrder {
  readonly holder: SlotHolder;
  /** The limit as the run's DAG has it; the word of the run that was queued last counts. Null: defined elsewhere. */
  readonly limit: { readonly slots: number; readonly at: number } | null;
  readonly release: readonly SlotRef[];
  readonly request: readonly SlotRequest[];
  readonly renew: readonly SlotRef[];
}

export interface SlotGrant extends SlotRef {
  /** Until then the slots are held, by the clock of the limit's object; renew before. */
  readonly until: number;
  /** The pool counts deferred tasks: keep the slots while deferred. */
  readonly includeDeferred: boolean;
}

export interface SlotAnswer {
  /** Asked for and given, or renewed. */
  readonly granted: readonly SlotGrant[];
  /** In the waiting list: a grant is brought to the run later. The reason is a sentence for users. */
  readonly waiting: readonly (SlotRef & { readonly reason: string })[];
  /** To be renewed, but no longer held: their attempts must stop. */
  readonly gone: readonly SlotRef[];
}

/** What a limit's object says to one run, as the engine takes it. */
export interface SlotWord extends SlotAnswer {
  /** Name of the limit. */
  readonly limit: string;
}

/** A pool's definition as its object needs it. */
export interface SlotDefinition {
  /** -1 = no limit. */
  readonly slots: number;
  readonly includeDeferred: boolean;
}

/** Who holds and who waits. */
export interface SlotUsage {
  /** Null: nobody has defined the limit. */
  readonly definition: SlotDefinition | null;
  readonly held: readonly (SlotHolder & SlotRef & { readonly slots: number })[];
  /** Slots that the waiting ask for in all. */
  readonly waitingSlots: number;
  readonly waiting: number;
}

/** Calls of the object that owns a limit. */
export interface SlotApi {
  exchange(order: SlotOrder): Promise<SlotAnswer>;
  /** Sets a pool's size at run time, or (null) says that the pool is gone: what runs goes on, nobody else gets in. */
  define(definition: SlotDefinition | null): Promise<void>;
  usage(): Promise<SlotUsage>;
}

/** What the DAG's object answers to a run's push. */
export interface PushAnswer {
  /** True when the history has the rows. */
  readonly mirrored: boolean;
  /** `default_pool` has a size: what the run opens from now on needs its slots. */
  readonly limitsDefaultPool?: boolean;
}
