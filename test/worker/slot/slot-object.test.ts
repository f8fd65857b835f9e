/**
 * @module The slot object in real workerd: the limit over evictions, the alarm that frees the slots of the dead, runs that are gone.
 */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { DEFAULT_LEASES } from "../../../src/model/event.ts";
import { workerEnv } from "../../support/worker-runs.ts";
import { anOrder, aRequest } from "../../support/slot-orders.ts";

/** The platform's own view of the binding, for its test helpers. */
const { SLOT } = env as unknown as { readonly SLOT: DurableObjectNamespace };

test("100 requests at once never hold more than the limit, also over an eviction", async () => {
  const name = "pool:stormy";
  await workerEnv.SLOT.getByName(name).define({ slots: 7, includeDeferred: false });
  const runs = Array.from({ length: 100 }, (_, i) => `run${i}`);
  const ask = (run: string) => workerEnv.SLOT.getByName(name).exchange(anOrder(run, { request: [aRequest(0)] }));
  const answers = await Promise.all(runs.map(ask));
  expect(answers.filter(({ granted }) => granted.length === 1)).toHaveLength(7);
  await evictDurableObject(SLOT.getByName(name));
  const usage = await workerEnv.SLOT.getByName(name).usage();
  expect([usage.held.length, usage.waiting]).toEqual([7, 93]);
});

test("slots that are given to runs which do not exist go on to the next in line", async () => {
  const name = "pool:ghosts";
  await workerEnv.SLOT.getByName(name).define({ slots: 1, includeDeferred: false });
  const order = (run: string, part: Parameters<typeof anOrder>[1]) =>
    workerEnv.SLOT.getByName(name).exchange(anOrder(run, part));
  await order("a", { request: [aRequest(0)] });
  for (const ghost of ["b", "c", "d"]) await order(ghost, { request: [aRequest(0)] });
  await order("a", { release: [{ ord: 0, ask: 1 }] });
  await expect.poll(() => workerEnv.SLOT.getByName(name).usage()).toMatchObject({ held: [], waiting: 0 });
});

test("the alarm is set for the first lease that runs out, and armed again when it was early", async () => {
  const name = "pool:leased";
  await workerEnv.SLOT.getByName(name).define({ slots: 1, includeDeferred: false });
  const answer = await workerEnv.SLOT.getByName(name).exchange(anOrder("a", { request: [aRequest(0)] }));
  expect((answer.granted[0]?.until ?? Infinity) - Date.now()).toBeLessThanOrEqual(DEFAULT_LEASES.slotMs);
  expect(await runDurableObjectAlarm(SLOT.getByName(name))).toBe(true);
  expect((await workerEnv.SLOT.getByName(name).usage()).held).toHaveLength(1);
  expect(await runDurableObjectAlarm(SLOT.getByName(name))).toBe(true);
});
