/**
 * @module Accepted: sensors as function and as class.
 */
import { dag, done, Sensor, sensor, task, type Context } from "airflare";
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
export const sensors = dag("sensors", { schedule: "@daily", startDate: "2026-01-01", catchup: true }, () => {
  const file = waitForFile({ key: "in/customers.csv" });
  const score = new DataQualityCheckSensor({
    table: "customers",
    threshold: 0.95,
    pokeInterval: "5m",
    timeout: "1h",
  }).place("quality_check");
  read({ file, score });
});
