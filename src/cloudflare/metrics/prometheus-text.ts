/**
 * @module Prometheus' text format, version 0.0.4: counters, gauges, and timings as summaries of seconds.
 */
import type { MetricFamily, MetricSample } from "./metric-families.ts";

/** The answer's content type. */
export const PROMETHEUS_TEXT = "text/plain; version=0.0.4; charset=utf-8";

const TYPES = { counter: "counter", gauge: "gauge", timing: "summary" } as const;

export function prometheusText(families: readonly MetricFamily[]): string {
  return families.map(familyText).join("");
}

function familyText({ name, exportedName, kind, samples }: MetricFamily): string {
  const lines = [
    `# HELP ${exportedName} ${name}${kind === "timing" ? ", seconds" : ""}`,
    `# TYPE ${exportedName} ${TYPES[kind]}`,
  ];
  for (const sample of samples) {
    const labels = labelsText(sample);
    if (kind === "timing")
      lines.push(`${exportedName}_sum${labels} ${sample.value}`, `${exportedName}_count${labels} ${sample.count}`);
    else lines.push(`${exportedName}${labels} ${sample.value}`);
  }
  return `${lines.join("\n")}\n`;
}

function labelsText({ tags }: MetricSample): string {
  const labels = Object.entries(tags).map(([name, value]) => `${name}="${escaped(value)}"`);
  return labels.length === 0 ? "" : `{${labels.join(",")}}`;
}

function escaped(value: string): string {
  return value.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n");
}
