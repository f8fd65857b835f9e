/**
 * @module Event-based trigger with a function as sensor: waits until an object is in the lake, asking once a minute for up to an hour.
 */
import { dag, done, sensor, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const KEY = "function_sensor/customers.json";

/** Stands for the other system that delivers the file. */
const deliver = task("deliver", async (_: object, { env, executionDate }) => {
  await env.LAKE.put(KEY, JSON.stringify(customersOf(executionDate, 20)));
});
const waitForFile = sensor(
  "wait_for_file",
  { pokeInterval: "60s", timeout: "1h", mode: "reschedule" },
  async ({ key }: { key: string }, { env }) => {
    const object = await env.LAKE.head(key);
    return object === null ? false : done({ key, size: object.size });
  },
);
const extract = task("extract", async ({ file }: { file: { key: string; size: number } }, { env }) => {
  const object = await env.LAKE.get(file.key);
  if (object === null) throw new Error(`${file.key} vanished after it was seen`);
  return (await object.json<unknown[]>()).length;
});

export const functionSensor = dag(
  "function_sensor",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    const file = waitForFile({ key: KEY }).after(deliver());
    extract({ file });
  },
);
