/**
 * @module Accepted: sensors as function and as class.
 */
import {
  dag,
  done,
  externalTask,
  fileSensor,
  httpSensor,
  r2Key,
  s3Key,
  Sensor,
  sensor,
  task,
  TaskDeferred,
  timeDeltaTrigger,
  type Context,
} from "airflare";
import { customerEtl } from "./etl.ts";
export const waitForFile = sensor(
  "wait_for_file",
  { pokeInterval: "60s", timeout: "1h", softFail: true },
  async ({ key }: { key: string }, ctx) => {
    const o = await ctx.env.LAKE.head(key);
    return o ? done({ key }) : false;
  },
); // done(v): v is the result
export class DataQualityCheckSensor extends Sensor<{ table: string; threshold?: number }, number> {
  async poke(_ctx: Context) {
    const score = 0.97;
    this.log.info(`score ${score}`);
    return score >= (this.p.threshold ?? 0.95) ? done(score) : false;
  }
}
const read = task("read", async ({ file, score }: { file: { key: string }; score: number }) => `${file.key}:${score}`);
const nameOf = task("name_of", async () => "in/a.csv");
const deferring = task(
  "deferring",
  { resume: { after: async (_: object, ctx) => ctx.resumed?.kwargs["n"] } },
  async (): Promise<number> => {
    throw new TaskDeferred({ trigger: timeDeltaTrigger("10m"), method: "after", kwargs: { n: 1 }, timeout: "1h" });
  },
);
export const sensors = dag("sensors", { schedule: "@daily", startDate: "2026-01-01", catchup: true }, () => {
  const file = waitForFile({ key: "in/customers.csv" });
  const score = new DataQualityCheckSensor({
    table: "customers",
    threshold: 0.95,
    pokeInterval: "5m",
    timeout: "1h",
  }).place("quality_check");
  const listed = r2Key("wait_for_r2", { bucket: "LAKE", key: "data/customers/*.csv", timeout: "1h" });
  const upstream = externalTask("wait_for_upstream", { dag: customerEtl, task: "load", timeout: "1h" });
  // Fields take references and functions of the context.
  const key = nameOf();
  const wanted = s3Key("wait_for_s3", { bucketName: "b", bucketKey: key, checkFn: (files) => files[0]!.size > 0 });
  const dated = fileSensor("wait_for_dated", { filepath: (ctx) => `/in/${ctx.ds}.csv` });
  const ready = httpSensor("ready", {
    endpoint: "/",
    responseCheck: async (response) => (response.ok ? done(1) : false),
  });
  read({ file, score }).after(listed, upstream, wanted, dated, ready, deferring());
});
