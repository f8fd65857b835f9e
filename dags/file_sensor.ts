/**
 * @module Event-based trigger: waits for a file. A Worker has no disk; without a connection `fs_default` the path is looked for in the bucket `LAKE`.
 */
import { dag, fileSensor, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

const KEY = "data/input/customers.csv";

/** Stands for the other system that delivers the file. */
const deliver = task("deliver", async (_: object, { env, executionDate }) => {
  const lines = customersOf(executionDate, 20).map(({ id, name }) => `${id},${name}`);
  await env.LAKE.put(KEY, ["id,name", ...lines].join("\n"));
});
const extract = task("extract", async (_: object, { env }) => {
  const object = await env.LAKE.get(KEY);
  if (object === null) throw new Error(`${KEY} vanished after it was seen`);
  return (await object.text()).split("\n").length - 1;
});

export const fileSensorExample = dag(
  "file_sensor",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    const waitForFile = fileSensor("wait_for_file", {
      filepath: "/data/input/customers.csv",
      pokeInterval: "60s",
      timeout: "1h",
      mode: "poke",
    });
    waitForFile.after(deliver()).before(extract());
  },
);
