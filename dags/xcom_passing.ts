/**
 * @module Data passing with XCom by id and key, as in Airflow. Beside it stands the typed way: hand one task's result to the next (`customer_etl_pipeline`).
 */
import { chain, dag, task, typed } from "airflare";

const extract = task("extract", async () => ({ customers: 1_000, orders: 5_000 }));

const transform = task(
  "transform",
  { xcom: typed<{ transformed_count: number }>() },
  async (_: object, { ti, log }) => {
    const data = await ti.xcomPull<{ customers: number }>({ taskIds: "extract" });
    log.info(`processing ${data.customers} customers`);
    await ti.xcomPush("transformed_count", data.customers);
  },
);

const load = task("load", async (_: object, { ti, log }) => {
  const count = await ti.xcomPull<number>({ taskIds: "transform", key: "transformed_count" });
  log.info(`loading ${count} records`);
  return count;
});

/** Several tasks at once: the answer is a list in the order asked for. */
const compare = task("compare", async (_: object, { ti }) => {
  const [extracted, loaded] = await ti.xcomPull<[{ customers: number }, number]>({ taskIds: ["extract", "load"] });
  return { lost: extracted.customers - loaded };
});

export const xcomPassing = dag(
  "xcom_passing",
  { schedule: null, isPausedUponCreation: true, tags: ["example", "xcom"] },
  () => {
    chain(extract(), transform(), load(), compare());
  },
);
