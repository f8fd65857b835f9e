/**
 * @module What goes into a run: the closed list of events, and the envelope that brings time and randomness with it.
 */
import type { AttemptReport } from "./outcome.ts";
import type { AttemptToken, SpecHash } from "./ids.ts";
import type { DagSpec } from "./dag-spec.ts";
import type { SlotWord } from "./slot.ts";

/** Which task instances a user's command means. No `mapIndexes`: all of the task. */
export interface TaskInstanceSelector {
  readonly taskId: string;
  readonly mapIndexes?: readonly number[];
}

export interface ClearOptions {
  /** Empty with `onlyFailed`: every failed instance of the run. */
  readonly select: readonly TaskInstanceSelector[];
  readonly includeUpstream: boolean;
  readonly includeDownstream: boolean;
  readonly onlyFailed: boolean;
  readonly onlyRunning: boolean;
  /** Sets the run back to `queued`/`running`, as Airflow's `reset_dag_runs`. */
  readonly resetDagRun: boolean;
  readonly note: string | null;
}

export interface MarkOptions {
  readonly select: readonly TaskInstanceSelector[];
  readonly includeUpstream: boolean;
  readonly includeDownstream: boolean;
  readonly state: "success" | "failed" | "skipped";
}

export type RunEvent =
  /** The run may start: at creation, or when `max_active_runs` lets it. Repeats change nothing. */
  | { readonly kind: "run-started" }
  | { readonly kind: "run-cancelled"; readonly by: string }
  | { readonly kind: "run-marked"; readonly state: "success" | "failed" | "queued"; readonly by: string }
  /** A backfill takes an ended run over: all of it runs again, with another conf if there is one. Once per backfill. */
  | {
      readonly kind: "run-reprocessed";
      readonly backfillId: string;
      readonly conf: Readonly<Record<string, unknown>> | null;
    }
  | { readonly kind: "attempts-claimed"; readonly tokens: readonly AttemptToken[] }
  | { readonly kind: "attempts-finished"; readonly reports: readonly AttemptReport[] }
  /** A driver or the dead-letter consumer says these will not be reported. */
  | { readonly kind: "attempts-lost"; readonly tokens: readonly AttemptToken[]; readonly reason: string }
  | { readonly kind: "attempts-heartbeat"; readonly tokens: readonly AttemptToken[] }
  /** The alarm: look at everything whose `dueAt` has come. */
  | { readonly kind: "timer-due" }
  /** Answer of the DAG object to a `watch` command. */
  | { readonly kind: "watched-state"; readonly watchId: string; readonly passed: boolean; readonly reason: string }
  /** Something that a sensor or a deferred task waits for has changed: it looks at once. */
  | { readonly kind: "task-instance-woken"; readonly taskId: string; readonly mapIndex: number }
  /** What the objects of limits answered, or bring later: slots given, refused for now, or no longer held. */
  | { readonly kind: "slots-answered"; readonly words: readonly SlotWord[] }
  /** Somebody has set the slots of `default_pool`, or made it unlimited again. */
  | { readonly kind: "default-pool-limited"; readonly limited: boolean }
  | { readonly kind: "task-instances-cleared"; readonly options: ClearOptions }
  | { readonly kind: "task-instances-marked"; readonly options: MarkOptions; readonly by: string }
  | { readonly kind: "note-set"; readonly select: TaskInstanceSelector | null; readonly note: string | null }
  /** Clear "on the latest version": the run goes on with another spec. */
  | { readonly kind: "spec-synced"; readonly spec: DagSpec; readonly specHash: SpecHash };

export type RunEventKind = RunEvent["kind"];

/**
 * What the calling driver can take along as the answer (hand-off). An attempt goes along only if its time limit fits before `deadlineAt`,
 * and in an HTTP driver only if it is known short.
 */
export interface HandOffOffer {
  readonly room: number;
  readonly deadlineAt: number;
  readonly driver: "http" | "queue";
}

/** One event with its time and its randomness: same input, same result. */
export interface StepInput {
  readonly event: RunEvent;
  /** Monotonic clock of the run's object, epoch ms. */
  readonly now: number;
  /** Random 48-bit integer; nonces of new attempts are derived from it. */
  readonly seed: number;
  readonly offer?: HandOffOffer;
  /** Leases and intervals, scaled in local tests (`AIRFLARE_LEASE_SCALE`). */
  readonly leases: LeaseSettings;
}

/** Leases in ms. Values of the architecture page's protocol table. */
export interface LeaseSettings {
  readonly queuedMs: number;
  readonly queuedMaxMs: number;
  readonly handedOffMs: number;
  readonly runningMs: number;
  readonly heartbeatMs: number;
  readonly lossesMax: number;
  /** A slot that nobody renews is free again after this; its attempts are stopped `slotGuardMs` before. */
  readonly slotMs: number;
  readonly slotGuardMs: number;
}

export const DEFAULT_LEASES: LeaseSettings = {
  queuedMs: 60_000,
  queuedMaxMs: 3_600_000,
  handedOffMs: 15_000,
  runningMs: 30_000,
  heartbeatMs: 10_000,
  lossesMax: 5,
  slotMs: 120_000,
  slotGuardMs: 15_000,
};

/** All leases times `scale` (a test may use 0.1); `lossesMax` stays. */
export function scaledLeases(scale: number): LeaseSettings {
  const ms = (value: number): number => Math.max(1, Math.round(value * scale));
  const d = DEFAULT_LEASES;
  return {
    queuedMs: ms(d.queuedMs),
    queuedMaxMs: ms(d.queuedMaxMs),
    handedOffMs: ms(d.handedOffMs),
    runningMs: ms(d.runningMs),
    heartbeatMs: ms(d.heartbeatMs),
    lossesMax: d.lossesMax,
    slotMs: ms(d.slotMs),
    slotGuardMs: ms(d.slotGuardMs),
  };
}
