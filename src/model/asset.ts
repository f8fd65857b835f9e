/**
 * @module Assets as data: events, the expressions that DAGs are scheduled by, and the calls between runs, the object of an asset and those of DAGs.
 * An asset is known by its URI.
 */
import type { DagId, RunId, TaskId } from "./ids.ts";

/** Characters of an asset's URI, its name and its group; Airflow allows as many. */
export const ASSET_URI_LENGTH_MAX = 1_500;
/** Characters of an event's extra as JSON. */
export const ASSET_EXTRA_LENGTH_MAX = 16_384;

/** When the events that wait make a run: in Airflow's form, so that the API shows it as it is. */
export type AssetCondition =
  | { readonly asset: { readonly uri: string; readonly name: string; readonly group: string } }
  | { readonly all: readonly AssetCondition[] }
  | { readonly any: readonly AssetCondition[] };

/** The task instance whose success made an event. */
export interface AssetEventSource {
  readonly dagId: DagId;
  readonly runId: RunId;
  readonly taskId: TaskId;
  readonly mapIndex: number;
}

/** An update of an asset. The same `id` again is the same event. */
export interface NewAssetEvent {
  readonly id: string;
  /** Epoch ms. */
  readonly at: number;
  readonly extra: Readonly<Record<string, unknown>>;
  /** Null: made by a call of the API. */
  readonly source: AssetEventSource | null;
}

/** As the asset's object keeps it: `n` counts the events of the asset from 1. */
export interface AssetEvent extends NewAssetEvent {
  readonly uri: string;
  readonly n: number;
}

/** A DAG begins or ends to want an asset's events. The highest `seq` counts. */
export interface AssetSubscription {
  readonly dagId: DagId;
  readonly seq: number;
  readonly wanted: boolean;
}

/** Events of one asset for some DAGs: each gets those above its own cursor. */
export interface AssetDeliveries {
  /** Lowest `n` first. */
  readonly events: readonly AssetEvent[];
  readonly cursors: Readonly<Record<DagId, number>>;
}

/** What a DAG's object said to a delivery. */
export interface AssetReceipt {
  readonly dagId: DagId;
  /** It has all events up to this one. */
  readonly upTo: number;
  /** It does not schedule by this asset, as of `seq`; null: it does. */
  readonly unwantedAt: number | null;
}

/** The object of one asset. */
export interface AssetApi {
  /** Stores events that are not stored yet. They reach every DAG that wants them; what this answers is only that they are kept. */
  record(uri: string, events: readonly NewAssetEvent[]): Promise<void>;
  subscribe(uri: string, subscription: AssetSubscription): Promise<void>;
  /** What these DAGs have not got yet, a page of it. */
  deliveries(dagIds: readonly DagId[]): Promise<AssetDeliveries>;
  received(receipts: readonly AssetReceipt[]): Promise<void>;
  /** The newest events, oldest first. */
  latest(limit: number): Promise<readonly AssetEvent[]>;
  /** Settles when the history has the events stored so far, or has refused them. */
  mirrored(): Promise<void>;
}

/** The part of a DAG's object that assets speak to. */
export interface DagAssets {
  /** Takes events of an asset; those it has already change nothing. Null: taken; else since when the DAG does not want them. */
  takeAssetEvents(uri: string, events: readonly AssetEvent[]): Promise<number | null>;
  /** Events that wait for the rest of the DAG's expression: how many by asset, and when the first one came. */
  queuedAssetEvents(): Promise<readonly QueuedAssetEvents[]>;
  /** Forgets events that wait, of one asset or of all, stored up to `before`. The answer: how many assets had some. */
  deleteQueuedAssetEvents(uri: string | null, before: number | null): Promise<number>;
  /** The events that made a run, oldest first. */
  assetEventsOf(runId: RunId, limit: number): Promise<readonly AssetEvent[]>;
}

export interface QueuedAssetEvents {
  readonly uri: string;
  /** When the newest of them was taken, epoch ms. */
  readonly at: number;
}
