/**
 * @module One dag run: what its Durable Object owns and the engine decides on.
 */
import type { DagSpec } from "./dag-spec.ts";
import type { Deferral } from "./deferral.ts";
import type { DagId, Incarnation, RunId, SpecHash } from "./ids.ts";
import type { DagRunState } from "./state.ts";
import type { TaskInstance } from "./task-instance.ts";

export type DagRunType = "manual" | "scheduled" | "backfill" | "asset_triggered";
export type DagRunTriggeredBy =
  | "rest_api"
  | "cli"
  | "ui"
  | "timetable"
  | "backfill"
  | "asset"
  | "webhook"
  | "operator"
  | "test";
/** Why a run ended; goes to the run's callbacks. */
export type RunEndReason = "success" | "task_failure" | "timed_out" | "all_tasks_deadlocked" | "marked" | "cancelled";

/** All of a run but its task instances. Times are epoch ms, `null` = none. */
export interface DagRunHead {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly incarnation: Incarnation;
  readonly runType: DagRunType;
  readonly triggeredBy: DagRunTriggeredBy;
  readonly triggeringUser: string | null;
  readonly logicalDate: number | null;
  readonly dataIntervalStart: number | null;
  readonly dataIntervalEnd: number | null;
  readonly runAfter: number;
  /** JSON object as given by the caller. */
  readonly conf: Readonly<Record<string, unknown>>;
  /** Declared params with their defaults and the conf's values, and undeclared conf keys. */
  readonly params: Readonly<Record<string, unknown>>;
  readonly backfillId: string | null;
  specHash: SpecHash;
  note: string | null;
  state: DagRunState;
  endReason: RunEndReason | null;
  queuedAt: number;
  startedAt: number | null;
  endedAt: number | null;
  /** Raised by each clear that reopens the run; part of the log archive's key. */
  generation: number;
  /** Raised by every change; the seq of each changed instance is set to it. No gaps. */
  seq: number;
  /** Missed SLAs and deadlines up to this time have been judged; absent: none yet. */
  toldUntil?: number;
  /** How long recent runs took on average when this one was made; only for DAGs with a deadline that asks for it. */
  readonly averageRunMs?: number;
  /** Event counter of the object's clock: `now` never goes below it. */
  lastNow: number;
}

/** What an instance's last success left for others' decisions, or its deferral for itself; a row of its own beside the packed numbers. */
export interface InstanceFacts {
  /** Reported lengths by `lengthKey`; null = the value cannot be mapped over. */
  lengths?: Readonly<Record<string, number | null>>;
  /** `branch`: the direct downstream task ids that were followed. */
  follow?: readonly string[];
  /** `short_circuit`: the condition was false. */
  shortCircuited?: boolean;
  /** First instance of a mapped task: length per expanded key at expansion, in key order. */
  expandedBy?: Readonly<Record<string, number>>;
  /** A deferred try: what it waits for and how it goes on. */
  deferral?: Deferral;
}

/** A run as the engine works on it. `instances[ord]`; mapped tasks grow it. */
export interface DagRun {
  readonly spec: DagSpec;
  readonly head: DagRunHead;
  readonly instances: TaskInstance[];
  /** By ord; most instances have none. */
  readonly facts: Map<number, InstanceFacts>;
  /** Answers to `watch` commands by watch id. Not stored: asked again after a restart. */
  readonly watched: Map<string, { readonly passed: boolean; readonly reason: string }>;
  /** Longest recent duration per task id in ms (last 20 attempts), from the DAG object at creation; a task absent here is not known short. */
  readonly longest: Readonly<Record<string, number>>;
  /** `default_pool` has a size: tasks that name no pool need its slots. */
  limitsDefaultPool: boolean;
}
