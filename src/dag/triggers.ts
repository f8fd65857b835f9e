/**
 * @module What a deferred task waits for (Airflow's triggers). A trigger is data: it is stored with the run and watched without a worker.
 */
import type { ConnectionId } from "./register.ts";
import type { Dag } from "./dag.ts";
import type { Duration } from "../lib/duration.ts";

/** A wait for another DAG, as `externalTask` describes it, for dates that are known. */
export interface ExternalTaskTriggerOptions {
  /** The DAG, or its id. */
  readonly dag: Dag | string;
  /** Full ids, with their group prefix; none of `task`, `tasks`, `group`: the whole run. */
  readonly task?: string;
  readonly tasks?: readonly string[];
  readonly group?: string;
  readonly logicalDates: readonly Date[];
  readonly allowedStates?: readonly string[];
  readonly failedStates?: readonly string[];
  readonly skippedStates?: readonly string[];
  /** The other DAG tells when something changes; this is how often the task asks by itself. Default `10m`. */
  readonly pollInterval?: Duration;
}

export interface HttpTriggerOptions {
  /** Connection with the base URL and credentials; without one `endpoint` is the whole URL. */
  readonly httpConnId?: ConnectionId;
  readonly endpoint: string;
  /** Default `GET`. */
  readonly method?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Default `60s`. */
  readonly pollInterval?: Duration;
}

export type Trigger =
  | { readonly kind: "date-time"; readonly at: Date }
  | { readonly kind: "time-delta"; readonly delta: Duration }
  | ({ readonly kind: "external-task" } & ExternalTaskTriggerOptions)
  | ({ readonly kind: "http" } & HttpTriggerOptions);

/**
 * Fires at a point in time.
 * @example
 * throw new TaskDeferred({ trigger: dateTimeTrigger(new Date("2026-01-01T06:00:00Z")) });
 */
export function dateTimeTrigger(at: Date): Trigger {
  return { kind: "date-time", at };
}

/**
 * Fires after a while, counted from now.
 * @example
 * throw new TaskDeferred({ trigger: timeDeltaTrigger("10m"), method: "collect" });
 */
export function timeDeltaTrigger(delta: Duration): Trigger {
  return { kind: "time-delta", delta };
}

/**
 * Fires when runs of another DAG have got where they are waited for; the event says `{ status }`: `success`, `failed` or `skipped`.
 * @example
 * const publish = task("publish", async (_: object, ctx) => {
 *   const trigger = externalTaskTrigger({ dag: "upstream", task: "load", logicalDates: [ctx.logicalDate], failedStates: ["failed"] });
 *   if (ctx.resumed === undefined) throw new TaskDeferred({ trigger });
 * });
 */
export function externalTaskTrigger(options: ExternalTaskTriggerOptions): Trigger {
  return { kind: "external-task", ...options };
}

/**
 * Asks a URL until it answers with success; 404 means not yet, any other error fails the task. The event holds `{ status, body }`.
 * @example
 * throw new TaskDeferred({ trigger: httpTrigger({ endpoint: "https://jobs.example.com/7/result", pollInterval: "30s" }), timeout: "2h" });
 */
export function httpTrigger(options: HttpTriggerOptions): Trigger {
  return { kind: "http", ...options };
}
