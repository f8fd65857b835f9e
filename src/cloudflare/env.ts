/**
 * @module Binding names and types of the Worker, as `wrangler.toml` declares them.
 *
 * Objects are typed by our own protocol instead of the platform's generated RPC types: a stub answers promises for exactly these calls.
 */
import type { DagApi, DagRunApi } from "../model/protocol.ts";
import type { RunNotices } from "../model/notice-protocol.ts";
import type { DagTimetable } from "../model/custom-timetable.ts";
import type { AssetApi, DagAssets } from "../model/asset.ts";
import type { DagUpkeep, RunUpkeep } from "../model/upkeep.ts";
import type { SlotApi } from "../model/slot.ts";
import type { TaskMessage } from "../model/task-message.ts";

/** A Durable Object namespace whose objects answer `Api`. */
export interface ObjectNamespace<Api> {
  getByName(name: string): Api;
}

/** The part of a queue binding we use. */
export interface MessageQueue {
  sendBatch(messages: Iterable<{ readonly body: TaskMessage }>): Promise<unknown>;
}

export interface Env {
  readonly DAG_RUN: ObjectNamespace<DagRunApi & RunNotices & RunUpkeep>;
  readonly DAG: ObjectNamespace<DagApi & DagUpkeep & DagTimetable & DagAssets>;
  readonly SLOT: ObjectNamespace<SlotApi>;
  /** By URI. */
  readonly ASSET: ObjectNamespace<AssetApi>;
  /** Shard 0 of the default task queue; further shards are `TASK_QUEUE_1`, `TASK_QUEUE_2`, ... without a gap. */
  readonly TASK_QUEUE: MessageQueue;
  /** `isolate: true`: one message per invocation. */
  readonly ISOLATE_QUEUE: MessageQueue;
  readonly DB: D1Database;
  readonly OBJECTS: R2Bucket;
  /** For DAG authors. */
  readonly LAKE: R2Bucket;
  readonly ASSETS?: { fetch(request: Request): Promise<Response> };
  /** `"0"`: every attempt goes through the task queue. */
  readonly AIRFLARE_HAND_OFF?: string;
  /** Factor on all leases, for local tests. */
  readonly AIRFLARE_LEASE_SCALE?: string;
  /** Seconds a queue handler stays with its attempts before it returns and leaves them to `waitUntil`. */
  readonly AIRFLARE_QUEUE_HOLD?: string;
  /** `"1"`: a local start, never deployed. */
  readonly AIRFLARE_LOCAL?: string;
  /** Private hosts that pipelines may call all the same: `db.corp:5432, *.svc.example, 10.1.0.0/16`. */
  readonly AIRFLARE_ALLOWED_HOSTS?: string;
  /** The Worker's own names: pipelines must not call them. */
  readonly AIRFLARE_HOSTNAMES?: string;
  /** `"0"`: no object arms a schedule alarm, only ticks create scheduled runs. */
  readonly AIRFLARE_TICK?: string;
  /** Days that ended runs are kept when their DAG does not say; default 90, `"0"`: for ever. */
  readonly AIRFLARE_RETENTION_DAYS?: string;
  /** Plan of the account: `"free"` lowers what one invocation may use up. */
  readonly AIRFLARE_PLAN?: string;
  /** `"1"`: values of `ctx.stats` and Airflow's built-in metrics are summed up, for `/metrics` and OTLP. */
  readonly AIRFLARE_METRICS?: string;
  /** A collector for OTLP over HTTP: it gets a trace of each run, and with `AIRFLARE_METRICS` the metrics. */
  readonly OTEL_EXPORTER_OTLP_ENDPOINT?: string;
  /** `name=value,name=value`, values percent-encoded. */
  readonly OTEL_EXPORTER_OTLP_HEADERS?: string;
  /** Default `airflare`. */
  readonly OTEL_SERVICE_NAME?: string;
  /** Password of the local user `admin`. */
  readonly AIRFLARE_ADMIN_PASSWORD?: string;
  readonly AIRFLARE_SECRET_KEY?: string;
}

const RETENTION_DAYS = 90;

/** The deployment's retention, ms; null: for ever. Anything but a number of days leaves the default. */
export function defaultRetentionMs({
  AIRFLARE_RETENTION_DAYS: text,
}: Pick<Env, "AIRFLARE_RETENTION_DAYS">): number | null {
  const given = Number(text === undefined || text.trim() === "" ? RETENTION_DAYS : text);
  const days = Number.isFinite(given) && given >= 0 ? given : RETENTION_DAYS;
  return days === 0 ? null : days * 86_400_000;
}

/** Whether metrics are summed up. */
export function hasMetrics({ AIRFLARE_METRICS: text }: Pick<Env, "AIRFLARE_METRICS">): boolean {
  return text === "1";
}
