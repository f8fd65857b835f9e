/**
 * @module Pattern "Event-Based Triggers (Sensors)": a function as sensor. The built-in sensors for files, S3 and other DAGs are open.
 */
import * as authoring from "airflare";
import { expect, test } from "vitest";
import { functionSensor } from "../../dags/function_sensor.ts";
import { memoryLake } from "./memory-lake.ts";
import { testDag } from "airflare/testing";

test("a sensor lets the pipeline go on when the object is there, and hands it on", async () => {
  const run = await testDag(functionSensor, { env: memoryLake().env });
  expect(run.tasks["wait_for_file"]?.result).toMatchObject({ key: "function_sensor/customers.json" });
  expect(run.tasks["extract"]?.result).toBe(20);
});

test("it asks every poke interval and gives up after its timeout, without a retry", async () => {
  expect(functionSensor.getTask("wait_for_file")?.sensor).toMatchObject({
    pokeIntervalMs: 60_000,
    timeoutMs: 3_600_000,
    mode: "reschedule",
  });
  const run = await testDag(functionSensor, { env: memoryLake().env, mock: { deliver: undefined } });
  expect(run.tasks["wait_for_file"]?.state).toBe("failed");
  expect(run.tasks["extract"]?.state).toBe("upstream_failed");
});

test("the built-in sensors are not there yet: their ledger rows are open until they are", () => {
  expect(Object.keys(authoring).filter((name) => /^(fileSensor|s3Key|r2Key|externalTask)$/.test(name))).toEqual([]);
});
