/**
 * @module Schedules made at run time in real workerd: over the API, by the object's own alarm, over an eviction, with D1 down.
 */
import { evictDurableObject } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test, vi } from "vitest";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import { api } from "../../support/worker-client.ts";
import { workerEnv } from "../../support/worker-runs.ts";

const { DAG } = env as unknown as { readonly DAG: DurableObjectNamespace };
const PATH = "/api/airflare/v1/schedules";
const LONG = { timeout: 20_000 };

interface Wire {
  readonly id: string;
  readonly next_run: string | null;
  readonly last_run: string | null;
  readonly last_run_id: string | null;
}

const soon = (ms: number): string => new Date(Math.ceil((Date.now() + ms) / 1_000) * 1_000).toISOString();

async function untilFired(id: string): Promise<Wire> {
  return await vi.waitFor(async () => {
    const read = await api<Wire>("GET", `${PATH}/${id}`);
    expect(read.last_run_id).not.toBeNull();
    return read;
  }, LONG);
}

test(
  "a schedule fires at its time by the object's own alarm, also when the object was evicted meanwhile",
  LONG,
  async () => {
    const at = soon(1_500);
    const made = await api<Wire>("POST", PATH, { id: "once", dag_id: "by_day", at, conf: { tenant: 42 }, key: "t42" });
    expect(Date.parse(made.next_run ?? "")).toBe(Date.parse(at));
    await evictDurableObject(DAG.getByName("by_day"));
    const fired = await untilFired("once");
    expect(Date.parse(fired.last_run ?? "")).toBe(Date.parse(at));
    expect(fired.next_run).toBeNull();
    const run = workerEnv.DAG_RUN.getByName(dagRunObjectName("by_day", fired.last_run_id ?? ""));
    const head = await vi.waitFor(async () => {
      const read = await run.readHead();
      expect(read?.state).toBe("success");
      return read;
    }, LONG);
    expect(head).toMatchObject({ conf: { tenant: 42 }, runAfter: Date.parse(at) });
    // Made after its time, never before.
    expect(head?.queuedAt).toBeGreaterThanOrEqual(Date.parse(at));
  },
);

test("every run of a schedule is made once, in its order, until it is deleted", LONG, async () => {
  await api("POST", PATH, { id: "every", dag_id: "by_day", every: "1s", overlap: "skip", key: "t42" });
  await untilFired("every");
  const list = await api<{ schedules: readonly Wire[] }>("GET", `${PATH}?key=t42`);
  expect(list.schedules.map(({ id }) => id)).toEqual(["every", "once"]);
  expect((await api<{ schedules: readonly Wire[] }>("GET", `${PATH}?key=nobody`)).schedules).toEqual([]);
  await api("DELETE", `${PATH}/every`);
  await expect(api("GET", `${PATH}/every`)).rejects.toThrow("404");
  const left = await api<{ schedules: readonly Wire[] }>("GET", `${PATH}?key=t42`);
  expect(left.schedules.map(({ id }) => id)).toEqual(["once"]);
});

test("an edit before the fire moves it: the old slot makes no run", LONG, async () => {
  await api("POST", PATH, { id: "edited", dag_id: "by_day", at: soon(1_000) });
  const later = soon(2_500);
  await api("PATCH", `${PATH}/edited`, { at: later });
  const fired = await untilFired("edited");
  expect(fired.last_run_id).toBe(`scheduled__edited__${later.slice(0, 19)}+00:00`);
  const sql = "SELECT count(*) AS n FROM dag_run WHERE run_id LIKE 'scheduled__edited__%'";
  await vi.waitFor(async () => expect(await workerEnv.DB.prepare(sql).first("n")).toBe(1), LONG);
});

test("an id that another DAG's schedule has is refused; a deleted one is free again", async () => {
  const at = "2036-01-01T00:00:00Z";
  await api("POST", PATH, { id: "mine", dag_id: "by_day", at });
  await expect(api("POST", PATH, { id: "mine", dag_id: "etl", at })).rejects.toThrow("409");
  await api("DELETE", `${PATH}/mine`);
  expect(await api<Wire>("POST", PATH, { id: "mine", dag_id: "etl", at })).toMatchObject({ id: "mine", dag_id: "etl" });
  expect(await api("GET", `${PATH}?dag_id=etl`)).toMatchObject({
    schedules: [{ id: "mine", dag_id: "etl" }],
    total_entries: 1,
  });
});
