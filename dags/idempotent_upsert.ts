/**
 * @module Idempotency: cleans up before it works, upserts instead of inserting, and gives the same rows however often it runs.
 */
import { chain, dag, p, task } from "airflare";
import { type Customer, customersOf } from "./sample_shop.ts";

const BATCH = 50;

/** Temporary files of this run date only: a run of another date is not disturbed. */
function stagingPrefix(ds: string): string {
  return `idempotent/staging/${ds}/`;
}

/** Deletes what an earlier, broken attempt may have left. */
const cleanUp = task("clean_up", async (_: object, { ds, env, log }) => {
  const left = await env.LAKE.list({ prefix: stagingPrefix(ds) });
  await env.LAKE.delete(left.objects.map(({ key }) => key));
  log.info(`removed ${left.objects.length} staged files`);
});

const stage = task("stage", async ({ customers }: { customers: number }, { ds, env, executionDate }) => {
  const rows = customersOf(executionDate, customers);
  const keys: string[] = [];
  for (let at = 0; at < rows.length; at += BATCH) {
    const key = `${stagingPrefix(ds)}${at / BATCH}.json`;
    await env.LAKE.put(key, JSON.stringify(rows.slice(at, at + BATCH)));
    keys.push(key);
  }
  return keys;
});

/** The customer's id is the key: a row that is there is replaced, never doubled. */
const upsert = task("upsert", async ({ key }: { key: string }, { env }) => {
  const staged = await env.LAKE.get(key);
  if (staged === null) throw new Error(`staged file ${key} is gone`);
  const rows = await staged.json<Customer[]>();
  for (const row of rows) await env.LAKE.put(`idempotent/customers/${row.id}.json`, JSON.stringify(row));
  return rows.length;
});

/** Runs whatever became of the work above: temporary files never stay. */
const removeStaged = task("remove_staged", async (_: object, { ds, env }) => {
  const left = await env.LAKE.list({ prefix: stagingPrefix(ds) });
  await env.LAKE.delete(left.objects.map(({ key }) => key));
});

export const idempotentUpsert = dag(
  "idempotent_upsert",
  {
    schedule: null,
    isPausedUponCreation: true,
    tags: ["example", "idempotency"],
    defaultArgs: { retries: 2, retryDelay: "10s" },
    params: { customers: p.int({ default: 120, min: 1, max: 1_000 }) },
  },
  ({ params }) => {
    const cleaned = cleanUp();
    const staged = stage({ customers: params.customers });
    chain(cleaned, staged);
    const upserted = upsert.expand({ key: staged });
    removeStaged().asTeardown({ setups: cleaned }).after(upserted);
  },
);
