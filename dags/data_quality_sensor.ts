/**
 * @module Health checks: a sensor class of one's own that lets the pipeline go on only when the data is good enough. It holds no worker between pokes.
 */
import { type Context, dag, done, Sensor, task } from "airflare";
import { customersOf } from "./sample_shop.ts";

/** Share of rows that are complete. */
export function checkDataQuality(tableName: string, date: Date): number {
  if (tableName !== "customers") throw new Error(`no table ${tableName}`);
  const rows = customersOf(date, 1_000);
  return rows.filter(({ email }) => email !== undefined).length / rows.length;
}

/** Waits until the quality of a table meets a threshold; its result is the score. */
export class DataQualityCheckSensor extends Sensor<{ tableName: string; qualityThreshold?: number }, number> {
  async poke(context: Pick<Context, "executionDate">) {
    const qualityScore = checkDataQuality(this.p.tableName, context.executionDate);
    this.log.info(`Quality score: ${qualityScore}`);
    if (qualityScore >= (this.p.qualityThreshold ?? 0.95)) return done(qualityScore);
    this.log.warn(`Quality score ${qualityScore} below threshold`);
    return false;
  }
}

const publish = task("publish", async ({ score }: { score: number }, { log }) => {
  log.info(`publishing customers with a quality of ${score}`);
  return score;
});

export const dataQuality = dag(
  "data_quality_sensor",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "sensor"] },
  () => {
    const score = new DataQualityCheckSensor({
      tableName: "customers",
      qualityThreshold: 0.95,
      pokeInterval: "5m",
      timeout: "1h",
    }).place("quality_check");
    publish({ score });
  },
);
