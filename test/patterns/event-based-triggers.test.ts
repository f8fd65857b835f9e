/**
 * @module Pattern "Event-Based Triggers (Sensors)": a function as sensor, files, S3, times, deferral. Waiting for another DAG: `test/worker/dag/external-task.test.ts`.
 */
import { deferredJob } from "../../dags/deferred_job.ts";
import { expect, test } from "vitest";
import { fileSensorExample } from "../../dags/file_sensor.ts";
import { functionSensor } from "../../dags/function_sensor.ts";
import { memoryLake } from "./memory-lake.ts";
import { S3Server } from "../support/s3-server.ts";
import { s3KeySensorExample } from "../../dags/s3_key_sensor.ts";
import { testDag } from "airflare/testing";
import { timeSensors } from "../../dags/time_sensors.ts";

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

test("a file sensor waits in mode poke, every 60 seconds for up to an hour, until the file is in the lake", async () => {
  expect(fileSensorExample.getTask("wait_for_file")).toMatchObject({
    operatorName: "FileSensor",
    sensor: { pokeIntervalMs: 60_000, timeoutMs: 3_600_000, mode: "poke" },
  });
  const run = await testDag(fileSensorExample, { env: memoryLake().env });
  expect(run.tasks["extract"]?.result).toBe(20);
});

test("an S3 key sensor waits for a wildcard in a bucket, with the keys of aws_default", async () => {
  const server = new S3Server();
  await server.listen();
  const world = { env: { AIRFLARE_LOCAL: "1" }, connections: { aws_default: server.connection } };
  server.put("my-bucket", { "data/customers/2026/01.csv": "1" });
  expect((await testDag(s3KeySensorExample, world)).state).toBe("success");
  server.put("my-bucket", { "data/customers/01.tmp": "1" });
  expect((await testDag(s3KeySensorExample, world)).tasks["wait_for_s3"]?.state).toBe("failed");
  expect(server.refused).toEqual([]);
  await server.close();
});

test("a deferred task leaves its worker and goes on with what it noted", async () => {
  const run = await testDag(deferredJob, { logicalDate: new Date(0) });
  expect(run.tasks["long_job"]).toMatchObject({ state: "success", tryNumber: 1, result: { job: "job-0", rows: 5 } });
});

test("sensors for a time wait for it", async () => {
  const run = await testDag(timeSensors, { logicalDate: new Date("2026-03-01T12:00:00Z") });
  expect(run.tasks["report"]?.result).toBe("everything that 2026-03-01 waits for has come");
});
