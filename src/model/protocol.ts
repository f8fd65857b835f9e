/**
 * @module The protocol between drivers (queue consumer, HTTP handler, cron), the run's object and the DAG's object: closed lists of calls.
 *
 * Every call that changes state carries a `callId`, constant over transport retries; the object keeps the answer under it until the lease ends.
 * Claim, heartbeat, report and read are one port (`DagRunPort`), so that workers elsewhere can be added.
 */
import type { ArgExpr, ExpandSpec } from "./arg-expr.ts";
import type { RunAhead } from "./custom-timetable.ts";
import type { BackfillAnswer, BackfillOrder } from "./backfill.ts";
import type { ScheduleAnswer, ScheduleOrder } from "./run-schedule.ts";
import type { AttemptReport, ErrorInfo } from "./outcome.ts";
import type { AttemptToken, DagId, Incarnation, RunId, SpecHash, TaskId } from "./ids.ts";
import type { ClearOptions, HandOffOffer, MarkOptions, TaskInstanceSelector } from "./event.ts";
import type { DagRunHead, DagRunTriggeredBy, DagRunType, RunEndReason } from "./dag-run.ts";
import type { DagRunState, TaskInstanceState } from "./state.ts";
import type { DagSpec } from "./dag-spec.ts";
import type { DepStatus } from "./dep-status.ts";
import type { Deferral, ExternalWait } from "./deferral.ts";
import type { SensorSpec, TaskKind } from "./task-spec.ts";
import type { PushAnswer, SlotWord } from "./slot.ts";
import type { TaskInstance, TryRecord } from "./task-instance.ts";
import type { XComValue } from "./xcom.ts";

// ---- claim and report: what an attempt needs, what it answers ----

/** One claimed attempt: everything `runtime/` needs beside the run and the DAG's code. */
export interface AttemptOrder {
  readonly token: AttemptToken;
  readonly taskId: TaskId;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly maxTries: number;
  readonly kind: TaskKind;
  readonly args: Readonly<Record<string, ArgExpr>>;
  /** Set for an instance of a mapped task or inside a mapped group: what it was expanded over, and the element index per key. */
  readonly mapped: {
    readonly expand: ExpandSpec;
    readonly indexes: Readonly<Record<string, number>>;
    readonly groupId: string | null;
  } | null;
  readonly reportLengths: readonly string[];
  readonly multipleOutputs: boolean;
  readonly doXcomPush: boolean;
  readonly executionTimeoutMs: number;
  readonly sensor: (SensorSpec & { readonly firstPokedAt: number; readonly pokes: number }) | null;
  /** Set when the attempt looks at the trigger of a deferral, and goes on with the task if it has fired. */
  readonly deferral?: Deferral;
  readonly queuedAt: number;
  /**
   * The only task behind this one: the driver may go on with it after a success, before it reports (`AttemptReport.continuedBy`). Its token
   * opens with that report.
   */
  readonly next?: AttemptOrder;
  /** States of direct upstream tasks, for `ctx` and messages; left out above 100 upstream tasks. */
  readonly upstreamStates?: Readonly<Record<string, TaskInstanceState>>;
}

/** One XCom as handed out: `mapIndex` -1 for an unmapped producer. */
export interface XComEntry {
  readonly taskId: TaskId;
  readonly mapIndex: number;
  readonly key: string;
  readonly value: XComValue;
}

/** Attempts with what they share: upstream XComs once per batch, up to 256 kB inline in all. */
export interface AttemptBatch {
  readonly head: DagRunHead;
  readonly attempts: readonly AttemptOrder[];
  readonly xcoms: readonly XComEntry[];
  /** Upstream XComs that did not fit: `readXComs` fetches them in pages. */
  readonly xcomsLeftOut: readonly { readonly taskId: TaskId; readonly key: string }[];
  /** Tasks that are mapped: their value is a list even with one instance. */
  readonly mappedTasks: readonly TaskId[];
  /** Lease of these attempts, ms from now, and the heartbeat interval. */
  readonly leaseMs: number;
  readonly heartbeatMs: number;
}

export interface ClaimRequest {
  readonly callId: string;
  readonly incarnation: Incarnation;
  readonly tokens: readonly AttemptToken[];
}
export interface ClaimAnswer {
  /** Null when every token is stale or the run is gone. */
  readonly batch: AttemptBatch | null;
  readonly stale: readonly AttemptToken[];
}

export interface ReportRequest {
  readonly callId: string;
  readonly incarnation: Incarnation;
  readonly reports: readonly AttemptReport[];
  readonly offer: HandOffOffer | null;
}
export interface ReportAnswer {
  readonly stale: readonly AttemptToken[];
  /** Attempts handed to this driver. */
  readonly next: AttemptBatch | null;
  readonly runState: DagRunState;
}

export interface HeartbeatRequest {
  readonly incarnation: Incarnation;
  readonly tokens: readonly AttemptToken[];
  /** Log lines since the last call, by token. */
  readonly logs: Readonly<Record<AttemptToken, string>>;
}
export interface HeartbeatAnswer {
  /** Attempts to abort: fenced off, cancelled, or the run is gone. */
  readonly stop: readonly AttemptToken[];
}

export interface ReadXComsRequest {
  /** Empty = any task. */
  readonly taskIds: readonly TaskId[];
  readonly key: string | null;
  /** Absent: all map indexes. */
  readonly mapIndexes?: readonly number[];
  /** Paging: continue behind this entry. */
  readonly after?: { readonly ord: number; readonly key: string };
  readonly limit: number;
}
export interface ReadXComsAnswer {
  readonly entries: readonly (XComEntry & { readonly ord: number; readonly writtenAt: number })[];
  readonly more: { readonly ord: number; readonly key: string } | null;
}

/** What a driver needs of a run's object. Implemented by the Durable Object's stub and by the in-process run of `testDag` and the simulator. */
export interface DagRunPort {
  claim(request: ClaimRequest): Promise<ClaimAnswer>;
  report(request: ReportRequest): Promise<ReportAnswer>;
  heartbeat(request: HeartbeatRequest): Promise<HeartbeatAnswer>;
  readXComs(request: ReadXComsRequest): Promise<ReadXComsAnswer>;
  /** `ctx.once(key, fn)`: the stored text of an earlier attempt, or null; with `text`, stores it unless one is there and answers what is stored. */
  once(request: {
    readonly incarnation: Incarnation;
    readonly token: AttemptToken;
    readonly key: string;
    readonly text?: string;
  }): Promise<string | null>;
}

// ---- creation, commands and reads of a run ----

/** All a run object needs to exist. Same incarnation again = same answer; another incarnation = `run_already_exists`. */
export interface CreateDagRunRequest {
  readonly head: DagRunHead;
  /** The spec as JSON: it is stored and passed on as it is. */
  readonly specText: string;
  readonly longest: Readonly<Record<string, number>>;
  /** `default_pool` has a size. */
  readonly limitsDefaultPool?: boolean;
  /** Start at once, or wait `queued` for the DAG object's word. */
  readonly start: boolean;
  readonly offer: HandOffOffer | null;
}
export interface CreateDagRunAnswer {
  readonly head: DagRunHead;
  readonly next: AttemptBatch | null;
}

export type RunCommand =
  | { readonly kind: "start" }
  | { readonly kind: "cancel"; readonly by: string }
  /** The ended run becomes the backfill's and runs again, with this conf if there is one. A repeat changes nothing. */
  | {
      readonly kind: "reprocess";
      readonly backfillId: string;
      readonly conf: Readonly<Record<string, unknown>> | null;
    }
  /** The run goes on with this version of its DAG; nothing runs again by itself. */
  | { readonly kind: "sync-spec"; readonly specText: string; readonly specHash: SpecHash }
  | { readonly kind: "mark-run"; readonly state: "success" | "failed" | "queued"; readonly by: string }
  | { readonly kind: "clear"; readonly options: ClearOptions; readonly dryRun: boolean }
  | { readonly kind: "mark"; readonly options: MarkOptions; readonly by: string; readonly dryRun: boolean }
  | { readonly kind: "note"; readonly select: TaskInstanceSelector | null; readonly note: string | null }
  | {
      readonly kind: "set-xcom";
      readonly taskId: TaskId;
      readonly mapIndex: number;
      readonly key: string;
      readonly value: XComValue;
      readonly create: boolean;
    }
  | { readonly kind: "delete-xcom"; readonly taskId: TaskId; readonly mapIndex: number; readonly key: string }
  | { readonly kind: "watched-state"; readonly watchId: string; readonly passed: boolean; readonly reason: string }
  /** What the task instance waits for has changed. Nothing happens when it does not wait any more. */
  | { readonly kind: "wake"; readonly taskId: TaskId; readonly mapIndex: number }
  /** From the object of a limit: slots that became free. `dag_run_not_found` when the run is another one now. */
  | { readonly kind: "slots-granted"; readonly incarnation: Incarnation; readonly word: SlotWord }
  | { readonly kind: "lost"; readonly tokens: readonly AttemptToken[]; readonly reason: string }
  /** A notice is carried out again, also one that is through. */
  | { readonly kind: "redeliver"; readonly noticeId: string };

export interface RunCommandAnswer {
  readonly head: DagRunHead;
  /** Instances the command touched, or would touch (`dryRun`). */
  readonly touched: readonly TaskInstanceView[];
}

/** One task instance as the API reads it: the numbers and the texts beside them. */
export interface TaskInstanceView extends Omit<TaskInstance, "nonce" | "task"> {
  readonly taskId: TaskId;
  readonly note: string | null;
  readonly error: ErrorInfo | null;
  /** `map_index_template` rendering, else null. */
  readonly renderedMapIndex: string | null;
}

export interface ReadTaskInstancesRequest {
  readonly taskIds?: readonly TaskId[];
  readonly mapIndexes?: readonly number[];
  readonly states?: readonly TaskInstanceState[];
  readonly sinceSeq?: number;
  /** The DAG's object is told at once, not within its usual interval, when an instance of the tasks comes into one of these states. */
  readonly tellOf?: readonly TaskInstanceState[];
  readonly offset: number;
  readonly limit: number;
}

/** Usage of one run, shown by `npm start` and the cost view. */
export interface RunUsage {
  readonly objectCalls: number;
  readonly queueMessages: number;
  readonly rowsWritten: number;
  readonly alarms: number;
  readonly r2Writes: number;
}

/** Reads and commands the API uses, beside the driver's port. */
export interface DagRunApi extends DagRunPort {
  create(request: CreateDagRunRequest): Promise<CreateDagRunAnswer>;
  command(request: { readonly callId: string; readonly command: RunCommand }): Promise<RunCommandAnswer>;
  /** Null when there is no such run. */
  readHead(): Promise<(DagRunHead & { readonly usage: RunUsage }) | null>;
  readSpec(): Promise<DagSpec | null>;
  readTaskInstances(
    request: ReadTaskInstancesRequest,
  ): Promise<{ readonly views: readonly TaskInstanceView[]; readonly total: number }>;
  readTries(taskId: TaskId, mapIndex: number): Promise<readonly TryRecord[]>;
  readDeps(taskId: TaskId, mapIndex: number): Promise<readonly DepStatus[]>;
  /** Newline-separated JSON lines of one try, from `offset` lines on. */
  readLog(
    taskId: TaskId,
    mapIndex: number,
    tryNumber: number,
    offset: number,
    limit: number,
  ): Promise<{ readonly lines: string; readonly next: number | null }>;
  /** Answers when the run has ended and is mirrored, or after `timeoutMs` with the state then. */
  wait(timeoutMs: number): Promise<DagRunHead | null>;
  /** Heals: re-arms the alarm, drains what is due. `owes`: something of it was refused and must be tried again. */
  poke(): Promise<{ readonly owes: boolean }>;
  /** Removes all storage; R2 prefixes are the caller's. */
  destroy(incarnation: Incarnation): Promise<void>;
}

// ---- the DAG's object ----

export interface CreateRunRequest {
  readonly callId: string;
  readonly specHash: SpecHash;
  /** Null: made from type and time (`manual__<iso>`). */
  readonly runId: RunId | null;
  readonly runType: DagRunType;
  readonly triggeredBy: DagRunTriggeredBy;
  readonly triggeringUser: string | null;
  readonly logicalDate: number | null;
  readonly dataInterval: { readonly start: number; readonly end: number } | null;
  readonly runAfter: number | null;
  readonly conf: Readonly<Record<string, unknown>>;
  readonly note: string | null;
  readonly backfillId: string | null;
  /** A repeat of the same id answers the run there is (true), or fails with `run_already_exists` (false). */
  readonly returnExisting: boolean;
}

export type CreateRunAnswer =
  | { readonly kind: "created"; readonly create: Omit<CreateDagRunRequest, "offer"> }
  | { readonly kind: "existing"; readonly head: DagRunHead }
  /** The object has another version of the DAG: call `syncSpec` with the deployed one, then again. */
  | { readonly kind: "spec-needed"; readonly have: SpecHash | null }
  | { readonly kind: "refused"; readonly error: ErrorInfo };

/** Short record of a run in its DAG's object. */
export interface DagRunRecord {
  readonly runId: RunId;
  readonly incarnation: Incarnation;
  readonly runType: DagRunType;
  readonly logicalDate: number | null;
  readonly runAfter: number;
  readonly state: DagRunState;
}

/** A run's end (or reopening), with its final rows for the history. Repeats are harmless (`incarnation`, `generation`, `seq`). */
export interface RunStatePush {
  readonly callId: string;
  readonly head: DagRunHead;
  readonly endReason: RunEndReason | null;
  /** Whole blocks of instances: all those with a change after `since`. */
  readonly instances: readonly TaskInstanceView[];
  /** `seq` of the last acknowledged push; 0 = none. */
  readonly since: number;
  /** Blocks and tries are left for further pushes: the run is not to be taken as mirrored, its state neither. */
  readonly more: boolean;
  /** The run's object has more to tell others: it is looked after until it has not, though the run has ended. */
  readonly owes: boolean;
  readonly tries: readonly (TryRecord & { readonly taskId: TaskId; readonly mapIndex: number })[];
  /** Longest duration by task id among attempts of this run, ms. */
  readonly durations: Readonly<Record<string, number>>;
}

/** A task instance that waits for another DAG. */
export interface Waiter {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly taskId: TaskId;
  readonly mapIndex: number;
}

export interface ObserveRequest {
  readonly waiter: Waiter;
  readonly wait: ExternalWait;
  /** Epoch ms: from then on nobody waits any more; null: no end is known. */
  readonly until: number | null;
}

/** A run of the observed DAG, with the asked-for task instances (none when the whole run is waited for). */
export interface ObservedRun {
  readonly logicalDate: number;
  readonly state: DagRunState;
  readonly instances: readonly {
    readonly taskId: TaskId;
    readonly mapIndex: number;
    readonly state: TaskInstanceState;
  }[];
}

export interface ObserveAnswer {
  /** False: never deployed, or not any more. */
  readonly isDeployed: boolean;
  /** Asked-for tasks, or the group, that the deployed DAG does not have. */
  readonly unknown: readonly string[];
  /** Of the asked-for logical dates, those that have a run. */
  readonly runs: readonly ObservedRun[];
}

export interface DagApi {
  /** `columns`: what the object owns of the DAG's row in the history, for the deploy that writes the row. */
  syncSpec(
    spec: DagSpec,
    specHash: SpecHash,
  ): Promise<{ readonly versionNumber: number; readonly columns?: Readonly<Record<string, string | number | null>> }>;
  /** No longer deployed, or its file does not load: the schedule rests until the next `syncSpec`. Runs in flight go on. */
  retire(): Promise<void>;
  createRun(request: CreateRunRequest): Promise<CreateRunAnswer>;
  /** True when D1 has the rows; the run sends them again otherwise. */
  pushRunState(push: RunStatePush): Promise<PushAnswer>;
  watch(request: {
    readonly runId: RunId;
    readonly watchId: string;
    readonly taskId: TaskId;
    readonly downstream: readonly TaskId[];
    readonly ignoreFirst: boolean;
  }): Promise<{ readonly passed: boolean; readonly reason: string }>;
  /** Runs of this DAG as a task of another one waits for them. The waiter gets a `wake` command when one of them comes into a state that it waits for. */
  observe(request: ObserveRequest): Promise<ObserveAnswer>;
  /** Plans, makes, reads and changes the DAG's backfills. */
  backfill(order: BackfillOrder): Promise<BackfillAnswer>;
  /** Makes, reads, changes and deletes the DAG's schedules made at run time. */
  schedule(order: ScheduleOrder): Promise<ScheduleAnswer>;
  setPaused(paused: boolean): Promise<void>;
  /** Creates what is due at `dueAt`, at most one page; older ticks than the last do nothing. */
  tick(dueAt: number): Promise<{ readonly created: number }>;
  readState(): Promise<{
    readonly paused: boolean;
    readonly specHash: SpecHash | null;
    readonly nextRunAfter: number | null;
    /** The runs that a timetable of the author's own has said so far. */
    readonly ahead?: readonly RunAhead[];
    /** Interval of the last run that the schedule made; an object of the build before does not say. */
    readonly last?: { readonly start: number; readonly end: number } | null;
    readonly activeRuns: number;
  } | null>;
  listRuns(request: {
    readonly logicalDateGte?: number;
    readonly logicalDateLte?: number;
    readonly limit: number;
  }): Promise<readonly DagRunRecord[]>;
  deleteRun(runId: RunId): Promise<boolean>;
  /** Answers when the history has what this object wrote so far, or D1 has refused it: a list read then shows the runs just made. */
  mirrored(): Promise<void>;
  /** Heals: pokes runs whose `check_at` is overdue, re-arms the alarm. */
  sweep(): Promise<void>;
}
