/**
 * @module `ctx.stats` of the attempts of one invocation: one structured log line for each attempt, and where metrics are on, one write to D1 when the invocation
 * is done with its batch. What is measured in between is lost with the invocation, as a StatsD packet is.
 */
import type { DagId, RunId } from "../../model/ids.ts";
import type { Metric } from "../../runtime/ports.ts";
import { hasMetrics } from "../env.ts";
import type { Env } from "../env.ts";
import { addToSeries } from "./series.ts";

/** A batch that measures more than this in between writes before its end. */
const HELD_MAX = 20_000;

export class AttemptMetrics {
  readonly #env: Pick<Env, "DB" | "AIRFLARE_METRICS">;
  readonly #dagId: DagId;
  readonly #runId: RunId;
  #held: Metric[] = [];
  #written: Promise<void> = Promise.resolve();

  constructor(env: Pick<Env, "DB" | "AIRFLARE_METRICS">, dagId: DagId, runId: RunId) {
    this.#env = env;
    this.#dagId = dagId;
    this.#runId = runId;
  }

  /** The runtime's metrics port. */
  readonly take = (metrics: readonly Metric[]): void => {
    if (metrics.length === 0) return;
    console.log(JSON.stringify({ message: "metrics", dag_id: this.#dagId, run_id: this.#runId, metrics }));
    if (!hasMetrics(this.#env)) return;
    for (const metric of metrics) this.#held.push(metric);
    if (this.#held.length >= HELD_MAX) void this.flush();
  };

  /** Adds what is held to the totals. Never throws: an attempt does not fail for its metrics. It is not tried again, so that nothing counts twice. */
  async flush(): Promise<void> {
    const held = this.#held;
    this.#held = [];
    if (held.length > 0) {
      const before = this.#written;
      this.#written = before.then(() => this.#write(held));
    }
    await this.#written;
  }

  async #write(metrics: readonly Metric[]): Promise<void> {
    try {
      await addToSeries(this.#env.DB, metrics, Date.now());
    } catch (error) {
      console.error(
        `airflare: ${metrics.length} metrics of run ${this.#runId} of DAG ${this.#dagId} were lost:`,
        error,
      );
    }
  }
}
