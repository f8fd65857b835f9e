/**
 * @module Metrics of attempts (`ctx.stats`) as one structured log line each time: the platform's log search indexes its fields, and log drains carry it on.
 */
import type { DagId, RunId } from "../model/ids.ts";
import type { Metric } from "../runtime/ports.ts";

/** The runtime's metrics port for attempts of one run. Writes nothing when an attempt measured nothing. */
export function metricsPort(dagId: DagId, runId: RunId): (metrics: readonly Metric[]) => void {
  return (metrics) => {
    if (metrics.length > 0) console.log(JSON.stringify({ message: "metrics", dag_id: dagId, run_id: runId, metrics }));
  };
}
