/**
 * @module Dynamic task generation: a loop over a configured list makes one task per source when the file loads.
 */
import { chain, type Context, dag, empty, task } from "airflare";
import { customersOf, ordersOf, productsOf } from "./sample_shop.ts";

const TABLES = { mysql: customersOf, postgres: ordersOf, mongodb: productsOf } as const;
type Source = keyof typeof TABLES;

const sources = ["mysql", "postgres", "mongodb"] as const satisfies readonly Source[];

async function processSource(source: Source, { executionDate, log }: Pick<Context, "executionDate" | "log">) {
  const rows = TABLES[source](executionDate, 100);
  log.info(`${source}: ${rows.length} rows`);
  return { source, count: rows.length };
}

/** Places one task per source: the same function, told its source by position. */
function createProcessingTasks(sourceList: readonly Source[]) {
  return sourceList.map((source) => task(`process_${source}`, { opArgs: [source] }, processSource)());
}

export const dynamicSources = dag(
  "dynamic_sources",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "dynamic"] },
  () => {
    chain(empty("start"), createProcessingTasks(sources), empty("end"));
  },
);
