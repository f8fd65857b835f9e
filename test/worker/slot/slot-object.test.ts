/**
 * @module The slot object in real workerd: its alarm frees the slots of the dead.
 */
import { evictDurableObject, runDurableObjectAlarm } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { expect, test } from "vitest";
import { LEASE_MS } from "../../../src/cloudflare/slot/slot-leases.ts";
import { workerEnv } from "../../support/worker-runs.ts";

/** The platform's own view of the binding, for its test helpers. */
const { SLOT } = env as unknown as { readonly SLOT: DurableObjectNamespace };

const ask = (key: string) => ({ key, slots: 1, priority: 1, since: 1 });

test("100 requests at once never hold more than the limit, also over an eviction", async () => {
  await workerEnv.SLOT.getByName("pool").setLimit(7);
  const answers = await Promise.all(
    Array.from({ length: 100 }, (_, i) => workerEnv.SLOT.getByName("pool").request(ask(`run/${i}`))),
  );
  expect(answers.filter((answer) => answer.kind === "granted")).toHaveLength(7);
  await evictDurableObject(SLOT.getByName("pool"));
  expect(await workerEnv.SLOT.getByName("pool").usage()).toEqual({ limit: 7, held: 7, waiting: 93 });
  const granted = answers.flatMap((answer, i) => (answer.kind === "granted" ? [`run/${i}`] : []));
  expect(await workerEnv.SLOT.getByName("pool").release(granted)).toHaveLength(7);
});

test("the alarm is set for the first lease that runs out", async () => {
  await workerEnv.SLOT.getByName("leased").setLimit(1);
  const answer = await workerEnv.SLOT.getByName("leased").request(ask("a"));
  expect(answer).toMatchObject({ kind: "granted", until: expect.any(Number) });
  expect(answer.kind === "granted" && answer.until - Date.now() <= LEASE_MS).toBe(true);
  expect(await runDurableObjectAlarm(SLOT.getByName("leased"))).toBe(true);
  // It was early: nothing has run out, and it is armed again.
  expect(await workerEnv.SLOT.getByName("leased").usage()).toMatchObject({ held: 1 });
  expect(await runDurableObjectAlarm(SLOT.getByName("leased"))).toBe(true);
});
