/**
 * @module Pattern "Health Checks": a sensor class of the author's own.
 */
import { dag } from "airflare";
import { DataQualityCheckSensor, dataQuality } from "../../dags/data_quality_sensor.ts";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

test("the class keeps its own arguments beside those of every sensor", () => {
  expect(dataQuality.getTask("quality_check")).toMatchObject({
    kind: "sensor",
    operatorName: "DataQualityCheckSensor",
    sensor: { pokeIntervalMs: 300_000, timeoutMs: 3_600_000 },
  });
});

test("the run goes on with the score when it meets the threshold", async () => {
  const run = await testDag(dataQuality);
  const score = run.tasks["quality_check"]?.result as number;
  expect(score).toBeGreaterThanOrEqual(0.95);
  expect(run.tasks["publish"]?.result).toBe(score);
});

test("below the threshold it warns and pokes again until its timeout", async () => {
  const strict = dag("strict", { schedule: null }, () => {
    new DataQualityCheckSensor({
      tableName: "customers",
      qualityThreshold: 1,
      pokeInterval: "5m",
      timeout: "1h",
    }).place("quality_check");
  });
  const run = await testDag(strict);
  expect(run.tasks["quality_check"]?.state).toBe("failed");
  const warnings = run.log.filter(({ message }) => /^Quality score [\d.]+ below threshold$/.test(message));
  expect(warnings.length).toBeGreaterThanOrEqual(12);
});
