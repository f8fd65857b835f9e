/**
 * @module What running an attempt needs from outside, as narrow ports. Cloudflare's adapters and the in-process run of tests implement them.
 */
import type { TriggeredRun, TriggerOrder } from "../dag/outside.ts";
import type { AssetEvent } from "../model/asset.ts";
import type { DagId, RunId } from "../model/ids.ts";
import type { DagRunPort, ObserveAnswer, ObserveRequest } from "../model/protocol.ts";

/** R2 as the runtime sees it. */
export interface ObjectStorePort {
  /** Stores a value; a stream is hashed while it passes. Throws `xcom_too_large` over the store's limit. */
  put(
    key: string,
    body: Uint8Array | string | ReadableStream<Uint8Array>,
  ): Promise<{ readonly size: number; readonly sha256: string }>;
  get(key: string): Promise<{ readonly body: ReadableStream<Uint8Array>; readonly size: number } | null>;
}

/** Airflow variables. `undefined` = no such variable. */
export interface VariablePort {
  get(name: string): Promise<string | undefined>;
  /** Names that exist, for the error message of a missing one. */
  names(): Promise<readonly string[]>;
}

/** A connection with its secrets, as a hook receives it. Fields are Airflow's. */
export interface Connection {
  readonly id: string;
  readonly connType: string;
  readonly host: string | null;
  readonly port: number | null;
  readonly login: string | null;
  readonly password: string | null;
  readonly schema: string | null;
  readonly extra: Readonly<Record<string, unknown>>;
  readonly uri: string;
}

export interface ConnectionPort {
  get(id: string): Promise<Connection | undefined>;
  ids(): Promise<readonly string[]>;
}

/** One measured value (`ctx.stats`), Airflow's names. */
export interface Metric {
  readonly kind: "counter" | "gauge" | "timing";
  readonly name: string;
  /** Counter: increment. Gauge: value, or change when `delta`. Timing: seconds. */
  readonly value: number;
  readonly delta?: boolean;
  readonly tags: Readonly<Record<string, string>>;
}

/** Other DAGs, for tasks that start runs of them or wait for them. */
export interface DagPort {
  trigger(order: TriggerOrder): Promise<TriggeredRun>;
  observe(request: ObserveRequest): Promise<ObserveAnswer>;
}

/** Events of assets. */
export interface AssetPort {
  /** The newest ones of an asset, oldest first. */
  latest(uri: string, limit: number): Promise<readonly AssetEvent[]>;
  /** Those that made a run, oldest first. */
  triggering(dagId: DagId, runId: RunId, limit: number): Promise<readonly AssetEvent[]>;
}

/** Encryption with the deployment's key, bound to the run. */
export interface SealPort {
  /** Throws `not_configured` without a key. */
  seal(text: string): Promise<string>;
  open(sealed: string): Promise<string>;
}

export interface RuntimePorts {
  readonly run: DagRunPort;
  readonly dags: DagPort;
  readonly assets: AssetPort;
  readonly objects: ObjectStorePort;
  readonly secrets: SealPort;
  readonly variables: VariablePort;
  readonly connections: ConnectionPort;
  /** Defaults declared in `airflare.config.ts` (`variables`): answered when the store has none; one that is no string makes the stored text JSON. */
  readonly variableDefaults?: Readonly<Record<string, unknown>>;
  /** Called with all metrics of an attempt when it ends; must not throw. */
  readonly metrics: (metrics: readonly Metric[]) => void;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  /** Random id for call ids. */
  readonly randomId: () => string;
  /** The Worker's bindings, handed to authors as `ctx.env`. */
  readonly env: unknown;
}
