/**
 * @module Prometheus' text: names, labels and values as a strict reader takes them, whatever authors write.
 */
import { array, assert, constantFrom, dictionary, double, property, record, string, stringMatching } from "fast-check";
import { expect, test } from "vitest";
import { MetricFamilies } from "../../../../src/cloudflare/metrics/metric-families.ts";
import { prometheusText } from "../../../../src/cloudflare/metrics/prometheus-text.ts";
import { parsePrometheus } from "../../../support/prometheus-parser.ts";

test("dots become underscores, timings are summaries of seconds", () => {
  const families = new MetricFamilies();
  families.add("timing", "task.duration", { tags: { task_id: "a", dag_id: "d" }, value: 1.5, count: 2, since: 0 });
  families.add("gauge", "depth", { tags: {}, value: 3, count: 1, since: 0 });
  expect(prometheusText(families.list())).toBe(
    [
      "# HELP airflow_task_duration task.duration, seconds",
      "# TYPE airflow_task_duration summary",
      'airflow_task_duration_sum{dag_id="d",task_id="a"} 1.5',
      'airflow_task_duration_count{dag_id="d",task_id="a"} 2',
      "# HELP airflow_depth depth",
      "# TYPE airflow_depth gauge",
      "airflow_depth 3",
      "",
    ].join("\n"),
  );
});

test("names that mean the same to Prometheus are one metric; a name of another kind is refused", () => {
  const families = new MetricFamilies();
  const one = { tags: {}, value: 1, count: 1, since: 0 };
  families.add("counter", "a.b", one);
  families.add("counter", "a-b", one);
  families.add("timing", "a_b", one);
  families.add("timing", "t", one);
  families.add("counter", "t_sum", one);
  expect(families.refused).toBe(2);
  expect(parsePrometheus(prometheusText(families.list())).get("airflow_a_b")?.samples).toEqual(
    new Map([["airflow_a_b", 2]]),
  );
});

test("a strict reader takes any names, tags and numbers", () => {
  const sample = record({
    kind: constantFrom("counter", "gauge", "timing"),
    name: stringMatching(/^[A-Za-z0-9_./-]{1,6}$/),
    tags: dictionary(string({ unit: "binary", maxLength: 4 }), string({ unit: "binary", maxLength: 6 })),
    value: double({ noNaN: true, noDefaultInfinity: true }),
  });
  assert(
    property(array(sample, { maxLength: 10 }), (samples) => {
      const families = new MetricFamilies();
      for (const { kind, name, tags, value } of samples) families.add(kind, name, { tags, value, count: 1, since: 0 });
      const parsed = parsePrometheus(prometheusText(families.list()));
      expect(parsed.size).toBe(families.list().length);
    }),
  );
});
