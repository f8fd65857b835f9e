/**
 * @module Metrics to an OTLP collector, once a minute by the clock: totals since they were first counted (cumulative), so that a lost push loses nothing.
 */
import { hasMetrics } from "../env.ts";
import type { Env } from "../env.ts";
import type { MetricFamily, MetricSample } from "./metric-families.ts";
import { hasCollector, nanoseconds, otlpAttributes, otlpResource, postOtlp } from "./otlp.ts";
import { readMetrics } from "./read-metrics.ts";

const CUMULATIVE = 2;

/** Does nothing without a collector or with metrics off. Never throws: the next minute brings all again. */
export async function pushMetrics(env: Env, now: number): Promise<void> {
  if (!hasMetrics(env) || !hasCollector(env)) return;
  try {
    const metrics = (await readMetrics(env, now)).map((family) => metricOf(family, now));
    const scopeMetrics = [{ scope: { name: "airflare" }, metrics }];
    await postOtlp(env, "metrics", { resourceMetrics: [{ resource: otlpResource(env), scopeMetrics }] });
  } catch (error) {
    console.error("airflare: metrics did not reach the collector; the next minute tries again:", error);
  }
}

function metricOf({ name, kind, samples }: MetricFamily, now: number): object {
  const named = { name: `airflow.${name}`, unit: kind === "timing" ? "s" : "1" };
  const at = (sample: MetricSample): object => ({
    attributes: otlpAttributes(sample.tags),
    timeUnixNano: nanoseconds(now),
    ...(kind === "gauge" ? {} : { startTimeUnixNano: nanoseconds(Math.min(sample.since, now)) }),
  });
  if (kind === "timing") {
    const dataPoints = samples.map((sample) => ({
      ...at(sample),
      count: String(sample.count),
      sum: sample.value,
      bucketCounts: [String(sample.count)],
      explicitBounds: [],
    }));
    return { ...named, histogram: { aggregationTemporality: CUMULATIVE, dataPoints } };
  }
  const dataPoints = samples.map((sample) => ({ ...at(sample), asDouble: sample.value }));
  if (kind === "gauge") return { ...named, gauge: { dataPoints } };
  return { ...named, sum: { aggregationTemporality: CUMULATIVE, isMonotonic: true, dataPoints } };
}
