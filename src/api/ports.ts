/**
 * @module What the API needs from the rest, as narrow ports: the objects of DAGs and runs, the history in D1, R2 and the driver of handed-off attempts.
 * `cloudflare-ports.ts` makes them from the Worker's bindings; tests hand in fakes.
 */
import type { AttemptBatch, DagApi, DagRunApi, TaskInstanceView } from "../model/protocol.ts";
import type { DagId, RunId, SpecHash } from "../model/ids.ts";
import type { HandOffOffer } from "../model/event.ts";
import type { DagRunState, TaskInstanceState } from "../model/state.ts";
import type { Backfill, BackfillRequest } from "../model/backfill.ts";
import type { RebuildOrder, RebuildResult } from "../cloudflare/upkeep/rebuild.ts";
import type { RunSchedule } from "../model/run-schedule.ts";
import type { ConnectionEntry } from "../cloudflare/connections.ts";
import type { MetricFamily } from "../cloudflare/metrics/metric-families.ts";
import type { KeyedStore } from "./keyed-resource.ts";
import type { PoolEntry } from "../cloudflare/pools.ts";
import type { VariableEntry } from "../cloudflare/variables.ts";
import type { DagIndex } from "../dag/dag-index.ts";
import type { DagRunHead, DagRunType } from "../model/dag-run.ts";
import type { DagSpec, ScheduleSpec } from "../model/dag-spec.ts";
import type { Hono } from "hono";
import type { ObjectStorePort } from "../runtime/ports.ts";
import type { Page, PageRequest } from "./paging.ts";
import type { SpecCache } from "./spec-cache.ts";
import type { TaskSpec } from "../model/task-spec.ts";

/** One version of a DAG: made when a deploy changes its spec. */
export interface DagVersion {
  readonly dagId: DagId;
  readonly versionNumber: number;
  readonly specHash: SpecHash;
  /** Hash of the deployed bundle that brought it. */
  readonly bundleVersion: string | null;
  readonly createdAt: number;
}

/** One DAG as the history knows it: what lists show. Everything else is in its spec. */
export interface DagRow {
  readonly dagId: DagId;
  readonly displayName: string;
  readonly description: string | null;
  readonly isPaused: boolean;
  /** No longer among the deployed DAGs. */
  readonly isStale: boolean;
  readonly hasImportErrors: boolean;
  readonly relativeFileloc: string;
  readonly owners: readonly string[];
  readonly tags: readonly string[];
  readonly timetableSummary: string | null;
  readonly timetableKind: ScheduleSpec["kind"];
  readonly maxActiveTasks: number;
  readonly maxActiveRuns: number;
  readonly maxConsecutiveFailedDagRuns: number;
  readonly hasTaskConcurrencyLimits: boolean;
  readonly warnings: readonly string[];
  readonly specHash: SpecHash;
  readonly versionNumber: number;
  readonly bundleVersion: string | null;
  readonly lastParsedAt: number;
  readonly nextLogicalDate: number | null;
  readonly nextIntervalStart: number | null;
  readonly nextIntervalEnd: number | null;
  readonly nextRunAfter: number | null;
  /** The spec's JSON; null when it is too large for a row. */
  readonly specJson: string | null;
}

export interface DagFilter {
  /** Airflow's pattern: contains, `%` and `_` are wildcards, `|` is or. */
  readonly dagIds?: readonly DagId[] | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly displayNamePattern?: string | undefined;
  readonly tags?: readonly string[] | undefined;
  readonly tagsMatch?: "any" | "all" | undefined;
  readonly owners?: readonly string[] | undefined;
  readonly paused?: boolean | undefined;
  readonly hasImportErrors?: boolean | undefined;
  /** Of the newest run. */
  readonly lastDagRunState?: DagRunState | undefined;
  readonly excludeStale: boolean;
}

/** A closed or open range; times in epoch ms, durations in seconds. */
export interface Range {
  readonly gte?: number | undefined;
  readonly gt?: number | undefined;
  readonly lte?: number | undefined;
  readonly lt?: number | undefined;
}

export interface DagRunFilter {
  /** Absent: every DAG. */
  readonly dagIds?: readonly DagId[] | undefined;
  readonly states?: readonly DagRunState[] | undefined;
  readonly runTypes?: readonly DagRunType[] | undefined;
  readonly runIdPattern?: string | undefined;
  readonly dagIdPattern?: string | undefined;
  readonly triggeringUserPattern?: string | undefined;
  readonly confContains?: string | undefined;
  readonly versionNumbers?: readonly number[] | undefined;
  readonly updatedAt?: Range | undefined;
  readonly runAfter?: Range | undefined;
  readonly logicalDate?: Range | undefined;
  readonly startDate?: Range | undefined;
  readonly endDate?: Range | undefined;
  readonly duration?: Range | undefined;
}

export interface TaskInstanceFilter {
  readonly dagIds?: readonly DagId[] | undefined;
  readonly runIds?: readonly RunId[] | undefined;
  readonly taskIds?: readonly string[] | undefined;
  readonly mapIndexes?: readonly number[] | undefined;
  readonly states?: readonly TaskInstanceState[] | undefined;
  readonly pools?: readonly string[] | undefined;
  readonly queues?: readonly string[] | undefined;
  readonly operators?: readonly string[] | undefined;
  readonly tryNumbers?: readonly number[] | undefined;
  readonly runAfter?: Range | undefined;
  readonly logicalDate?: Range | undefined;
  readonly startDate?: Range | undefined;
  readonly endDate?: Range | undefined;
  readonly duration?: Range | undefined;
}

/** What a list shows of a task beside its instance. */
export type TaskFacts = Pick<
  TaskSpec,
  "displayName" | "pool" | "poolSlots" | "queue" | "priorityWeight" | "operatorName"
>;

/** What an answer about a run shows of it. A run's head has it; so has its row in the history. */
export type DagRunFields = Pick<
  DagRunHead,
  | "dagId"
  | "runId"
  | "incarnation"
  | "runType"
  | "triggeredBy"
  | "triggeringUser"
  | "logicalDate"
  | "dataIntervalStart"
  | "dataIntervalEnd"
  | "runAfter"
  | "conf"
  | "note"
  | "state"
  | "queuedAt"
  | "startedAt"
  | "endedAt"
  | "lastNow"
>;

/** A run of a list. */
export interface DagRunRow {
  readonly run: DagRunFields;
  readonly displayName: string;
  readonly version: DagVersion | null;
}

/** What an answer shows of a task instance. */
export type TaskInstanceFields = Pick<
  TaskInstanceView,
  | "taskId"
  | "mapIndex"
  | "state"
  | "tryNumber"
  | "maxTries"
  | "scheduledAt"
  | "queuedAt"
  | "startedAt"
  | "endedAt"
  | "note"
  | "renderedMapIndex"
>;

/** A task instance of a list across runs, with what it shows of its run. */
export interface TaskInstanceRow {
  readonly view: TaskInstanceFields;
  readonly run: Pick<DagRunFields, "dagId" | "runId" | "incarnation" | "logicalDate" | "runAfter">;
  readonly task: TaskFacts | null;
  readonly displayName: string;
  readonly version: DagVersion | null;
}

export interface ImportErrorRow {
  readonly id: number;
  readonly filename: string;
  readonly message: string;
  readonly seenAt: number;
}

/** Reads across runs, from D1. Each may throw `history_unavailable` or `not_migrated`; a run goes on all the same. */
export interface HistoryPort {
  listDags(filter: DagFilter, page: PageRequest): Promise<Page<DagRow>>;
  getDag(dagId: DagId): Promise<DagRow | null>;
  listTags(pattern: string | undefined, page: PageRequest): Promise<Page<string>>;
  /** Of every DAG without an id. */
  listVersions(
    dagId: DagId | undefined,
    page: PageRequest,
  ): Promise<Page<DagVersion & { readonly displayName: string }>>;
  findVersion(dagId: DagId, versionNumber: number): Promise<DagVersion | null>;
  /** The version whose spec has this hash. */
  findVersionOfSpec(dagId: DagId, specHash: SpecHash): Promise<DagVersion | null>;
  listRuns(filter: DagRunFilter, page: PageRequest): Promise<Page<DagRunRow>>;
  listTaskInstances(filter: TaskInstanceFilter, page: PageRequest): Promise<Page<TaskInstanceRow>>;
  countRuns(
    dagIds: readonly DagId[] | undefined,
  ): Promise<readonly { readonly dagId: DagId; readonly state: DagRunState; readonly count: number }[]>;
  listImportErrors(filenamePattern: string | undefined, page: PageRequest): Promise<Page<ImportErrorRow>>;
  findImportError(id: number): Promise<ImportErrorRow | null>;
  /** Removes the mirror of a deleted run. */
  deleteRun(dagId: DagId, runId: RunId): Promise<void>;
  /** Throws when D1 cannot be used. Last tick of the clock and last deploy that was brought in, epoch ms; null before the first. */
  heartbeats(): Promise<{ readonly tickAt: number | null; readonly deployAt: number | null }>;
}

/** D1's part in backfills; everything else is in the objects of their DAGs. */
export interface BackfillDirectory {
  /** A new id for the DAG. */
  reserve(dagId: DagId, request: BackfillRequest, now: number): Promise<number>;
  /** Gives an id back that the DAG's object has refused. */
  release(backfillId: number): Promise<void>;
  dagOf(backfillId: number): Promise<DagId | null>;
  list(dagId: DagId, page: PageRequest): Promise<Page<Backfill>>;
}

/** D1's part in schedules; everything else is in the objects of their DAGs. */
export interface ScheduleDirectory {
  /** Keeps the id for the DAG; false when another DAG has it. */
  reserve(scheduleId: string, dagId: DagId, now: number): Promise<boolean>;
  /** Gives an id back that the DAG's object has refused. */
  release(scheduleId: string, dagId: DagId): Promise<void>;
  dagOf(scheduleId: string): Promise<DagId | null>;
  list(
    filter: { readonly key?: string | undefined; readonly dagId?: DagId | undefined },
    page: PageRequest,
  ): Promise<Page<RunSchedule>>;
}

/** Everything a request may touch. */
export interface ApiPorts {
  /** Epoch ms. */
  readonly now: () => number;
  readonly randomId: () => string;
  readonly history: HistoryPort;
  readonly objects: ObjectStorePort;
  readonly variables: KeyedStore<VariableEntry>;
  readonly connections: KeyedStore<ConnectionEntry>;
  /** Tries a connection out, as it is given. */
  tryConnection(entry: ConnectionEntry): Promise<{ readonly status: boolean; readonly message: string }>;
  readonly pools: KeyedStore<PoolEntry>;
  /** All metrics as they are now; null when they are off. */
  metrics(): Promise<readonly MetricFamily[] | null>;
  readonly backfills: BackfillDirectory;
  readonly schedules: ScheduleDirectory;
  dag(dagId: DagId): DagApi;
  run(dagId: DagId, runId: RunId): DagRunApi;
  /** The spec of a deployed DAG; throws `dag_import_error` when its file does not load. */
  loadSpec(dagId: DagId): Promise<DagSpec>;
  /** The interval that the DAG's own timetable class gives a run made for this date; null when its schedule is none. Throws what its code throws. */
  inferInterval(dagId: DagId, at: number): Promise<{ readonly start: number; readonly end: number } | null>;
  /** A stored spec of any version; null when nobody has it any more. */
  storedSpec(specHash: SpecHash): Promise<DagSpec | null>;
  /** Removes what one life of a run has in R2. */
  deleteObjects(run: Pick<DagRunHead, "dagId" | "runId" | "incarnation">): Promise<void>;
  /** Makes a page of the history anew from the objects. */
  rebuildHistory(order: RebuildOrder): Promise<RebuildResult>;
  /** Brings rows, versions and tags of the deployed bundle into the history, once per bundle. */
  syncDeploy(): Promise<void>;
  /** What this request can take along of a run it creates; null when hand-off is turned off. */
  offer(now: number): HandOffOffer | null;
  /** Runs handed-off attempts behind the answer. */
  drive(batch: AttemptBatch): void;
  readonly secrets: { readonly adminPassword: string | undefined; readonly secretKey: string | undefined };
}

/** Who asks. */
export interface Caller {
  readonly username: string;
  readonly role: "admin";
}

export interface ApiVariables {
  ports: ApiPorts;
  index: DagIndex;
  specs: SpecCache;
  caller: Caller;
}

/** What the entry hands in: the generated index, and how to make the ports for one request. */
export interface ApiDeps<Env> {
  readonly index: DagIndex;
  readonly ports: (env: Env, waitUntil: (work: Promise<unknown>) => void) => ApiPorts;
}

export type ApiApp = Hono<{ Variables: ApiVariables }>;
