/**
 * @module The upkeep of a deployment's history: what retention removes, and what objects and D1 owe each other. Calls of the objects of DAGs and runs
 * beside those of `protocol.ts`.
 */
import type { DagRunHead } from "./dag-run.ts";
import type { DagSpec } from "./dag-spec.ts";
import type { Incarnation, RunId, SpecHash } from "./ids.ts";
import type { DagRunRecord } from "./protocol.ts";

/** A run as its DAG's object knows it. */
export interface KeptRun extends DagRunRecord {
  /** Null while it is under way, and for runs that ended before this was noted. */
  readonly endedAt: number | null;
  /** Its retention is over, or its deletion was cut short: `expireRuns` removes it. */
  readonly isExpired: boolean;
}

export interface KeptRunsRequest {
  /** Ids behind this one and up to `upTo`, in the order of SQLite; null: no bound. */
  readonly after: RunId | null;
  readonly upTo: RunId | null;
  readonly limit: number;
  /** Ids that the history has: the answer says which of them this object does not know. */
  readonly known: readonly RunId[];
}

export interface KeptRunsAnswer {
  readonly runs: readonly KeptRun[];
  /** There are more up to `upTo`: ask again behind the last of `runs`. */
  readonly isCut: boolean;
  readonly unknown: readonly RunId[];
  /** On the first page: ended backfills whose retention is over, as the runs' is, and which have no run left. Absent from an older build. */
  readonly expiredBackfills?: readonly number[];
}

/** What became of a run that its DAG's object did not know: it is one of the DAG's now, it had been removed, or another run has its date. */
export type AdoptAnswer = "adopted" | "removed" | "taken";

/** What the object keeps of its DAG, for a history that has lost it. */
export interface DagRecord {
  readonly spec: DagSpec;
  readonly specHash: SpecHash;
  readonly versionNumber: number;
  /** What the object owns of the DAG's row. */
  readonly columns: Readonly<Record<string, string | number | null>>;
  /** Versions it still has, the present one among them. */
  readonly versions: readonly { readonly versionNumber: number; readonly specHash: SpecHash }[];
}

export interface DagUpkeep {
  /** Null when the object has no DAG: then it knows nothing about any run. */
  keptRuns(request: KeptRunsRequest): Promise<KeptRunsAnswer | null>;
  /** Removes those of the runs whose retention is over, with their objects, and answers which: rows and R2 objects are the caller's to remove. */
  expireRuns(runIds: readonly RunId[]): Promise<readonly RunId[]>;
  /** The history has no rows of these backfills any more; those whose retention is not over stay. */
  forgetBackfills(backfillIds: readonly number[]): Promise<void>;
  /** A run's object exists that this one does not know, as after a restore to an earlier time. */
  adoptRun(head: DagRunHead): Promise<AdoptAnswer>;
  /** Brings backfills and schedules to the history anew; null when the object has no DAG. */
  mirrorAgain(): Promise<DagRecord | null>;
}

export interface RunUpkeep {
  /** Brings everything about this life of the run to the history anew. Null: there is no such life; false: the history has not taken it yet. */
  mirrorAgain(incarnation: Incarnation): Promise<boolean | null>;
}
