/**
 * @module Slots as leases: never over the limit, given twice harmlessly, handed over in the same turn.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { SlotLeases } from "../../../../src/cloudflare/slot/slot-leases.ts";
import type { SlotRequest, SlotUsage } from "../../../../src/model/slot.ts";
import { nodeSql } from "../../../support/node-sql.ts";
import { aHolder, anOrder, aRequest } from "../../../support/slot-orders.ts";

const NOW = 1_800_000_000_000;
const LEASE_MS = 60_000;

class Limit {
  readonly sql = nodeSql();
  leases: SlotLeases;

  constructor(slots: number | null, name = "pool:db") {
    this.leases = new SlotLeases(this.sql, name, LEASE_MS);
    if (slots !== null) this.leases.define({ slots, includeDeferred: false }, NOW);
  }

  /** "granted", or why not. */
  ask(run: string, over: Partial<SlotRequest> = {}, now = NOW): string {
    const { granted, waiting } = this.leases.exchange(anOrder(run, { request: [aRequest(0, over)] }), now);
    return granted.length === 1 ? "granted" : (waiting[0]?.reason ?? "neither");
  }

  release(run: string, ask = 1, now = NOW): void {
    this.leases.exchange(anOrder(run, { release: [{ ord: 0, ask }] }), now);
  }

  holders(now = NOW): string[] {
    return this.leases.usage(now).held.map(({ runId }) => runId);
  }

  news(): string[] {
    return this.leases.news().map(({ holder }) => holder.runId);
  }

  restart(): void {
    this.leases = new SlotLeases(this.sql, "pool:db", LEASE_MS);
  }
}

function used({ held }: SlotUsage): number {
  return held.reduce((sum, { slots }) => sum + slots, 0);
}

test("asking twice takes one lease, giving back twice frees it once", () => {
  const limit = new Limit(2);
  limit.ask("a");
  expect(limit.ask("a")).toBe("granted");
  limit.ask("b");
  expect(limit.holders()).toEqual(["a", "b"]);
  limit.release("a");
  limit.release("a");
  expect(limit.holders()).toEqual(["b"]);
  expect(limit.leases.usage(NOW)).toMatchObject({ waiting: 0, waitingSlots: 0 });
});

test("a freed slot goes to the waiting in the same turn: higher priority, then the older date, then the lower map index", () => {
  const limit = new Limit(1);
  limit.ask("holder");
  limit.ask("low", { priority: 1, since: NOW });
  limit.ask("young", { priority: 5, since: NOW + 2 });
  limit.ask("third", { priority: 5, since: NOW + 1, mapIndex: 3 });
  limit.ask("first", { priority: 5, since: NOW + 1, mapIndex: 0 });
  const order = ["holder", "first", "third", "young", "low"];
  for (const [i, run] of order.entries()) {
    expect(limit.holders()).toEqual([run]);
    limit.release(run);
    expect(limit.news()).toEqual(order.slice(i + 1, i + 2));
  }
});

test("one that does not fit lets smaller ones behind it pass; one that never fits waits with the reason until the pool grows", () => {
  const limit = new Limit(2);
  limit.ask("holder");
  expect(limit.ask("big", { slots: 2, priority: 9 })).toContain("1 of 2 slots of pool db are taken, the task takes 2");
  expect(limit.ask("small")).toBe("granted");
  expect(limit.ask("giant", { slots: 3 })).toContain("takes 3 slots and pool db has 2 in all");
  limit.leases.define({ slots: 7, includeDeferred: false }, NOW);
  expect(limit.holders().toSorted()).toEqual(["big", "giant", "holder", "small"]);
});

test("several hundred that can never fit do not keep one that fits waiting", () => {
  const limit = new Limit(1);
  for (let i = 0; i < 600; i++) limit.ask(`giant${i}`, { slots: 2, priority: 9 });
  expect(limit.ask("small")).toBe("granted");
});

test("an unknown pool lets nobody in and says so; without a limit everybody gets in", () => {
  const limit = new Limit(null);
  expect(limit.ask("a")).toContain('create it with "airflare pools set db <slots> <description>"');
  limit.leases.define({ slots: -1, includeDeferred: false }, NOW);
  expect(limit.news()).toEqual(["a"]);
  expect(limit.ask("b", { slots: 1_000 })).toBe("granted");
});

test("a lease that nobody renews frees its slots; a renewed one stays", () => {
  const limit = new Limit(2);
  limit.ask("dead");
  limit.ask("alive");
  limit.ask("next");
  const renew = (run: string, now: number) => limit.leases.exchange(anOrder(run, { renew: [{ ord: 0, ask: 1 }] }), now);
  expect(renew("alive", NOW + LEASE_MS / 2)).toMatchObject({
    granted: [{ ord: 0, ask: 1, until: NOW + LEASE_MS * 1.5 }],
    gone: [],
  });
  limit.leases.expire(NOW + LEASE_MS);
  expect(limit.holders(NOW + LEASE_MS).toSorted()).toEqual(["alive", "next"]);
  expect(renew("dead", NOW + LEASE_MS)).toMatchObject({ granted: [], gone: [{ ord: 0, ask: 1 }] });
});

test("a smaller or deleted pool takes nothing away, and gives nothing until there is room", () => {
  const limit = new Limit(2);
  limit.ask("a");
  limit.ask("b");
  limit.leases.define({ slots: 1, includeDeferred: false }, NOW);
  limit.ask("c");
  limit.release("a");
  expect(limit.holders()).toEqual(["b"]);
  limit.leases.define(null, NOW);
  limit.release("b");
  expect(limit.holders()).toEqual([]);
  limit.leases.define({ slots: 1, includeDeferred: false }, NOW);
  expect(limit.holders()).toEqual(["c"]);
});

test("a late word about an older acquisition changes nothing; a newer one takes the place of what was never given back", () => {
  const limit = new Limit(1);
  limit.ask("a", { ask: 1 });
  expect(limit.ask("a", { ask: 2 })).toBe("granted");
  limit.release("a", 1);
  limit.ask("b");
  expect(limit.holders()).toEqual(["a"]);
  expect(limit.ask("a", { ask: 1 })).not.toBe("granted");
  limit.release("a", 2);
  expect(limit.holders()).toEqual(["b"]);
});

test("grants to other runs are news until they are told, also over a restart; a run that is gone leaves everything", () => {
  const limit = new Limit(1);
  limit.ask("a");
  limit.ask("b");
  limit.ask("c");
  limit.release("a");
  limit.restart();
  expect(limit.news()).toEqual(["b"]);
  limit.leases.told(aHolder("b"), [{ ord: 0, ask: 1 }]);
  expect(limit.news()).toEqual([]);
  limit.leases.forgetRun(aHolder("b"), NOW);
  expect(limit.news()).toEqual(["c"]);
  limit.leases.forgetRun(aHolder("c"), NOW);
  expect(limit.leases.usage(NOW)).toMatchObject({ held: [], waiting: 0 });
});

test("what a run waits for and gets through what it gave back comes with the answer", () => {
  const limit = new Limit(1);
  const exchange = (order: Parameters<typeof anOrder>[1]) => limit.leases.exchange(anOrder("a", order), NOW);
  exchange({ request: [aRequest(0), aRequest(1)] });
  expect(exchange({ release: [{ ord: 0, ask: 1 }] }).granted).toMatchObject([{ ord: 1, ask: 1 }]);
  expect(limit.news()).toEqual([]);
});

test("a limit that runs bring along is as the run says that was queued last", () => {
  const limit = new Limit(null, "tis:dag/load");
  const bring = (run: string, slots: number, at: number) =>
    limit.leases.exchange(anOrder(run, { limit: { slots, at }, request: [aRequest(0)] }), NOW).waiting[0]?.reason;
  expect(bring("new", 1, 20)).toBeUndefined();
  expect(bring("old", 5, 10)).toBe(
    "1 of 1 (max_active_tis_per_dag) instances of dag/load are queued or running in all runs; 1 wait.",
  );
  expect(bring("newest", 3, 30)).toBeUndefined();
});

test("whatever is asked, given back, resized and restarted, held slots never grow over the limit and no free slot waits while somebody fits", () => {
  const action = fc.record({
    run: fc.constantFrom("a", "b", "c", "d", "e"),
    slots: fc.integer({ min: 1, max: 3 }),
    what: fc.constantFrom("ask", "ask", "ask", "release", "release", "renew", "resize", "restart"),
    passes: fc.constantFrom(0, 1, LEASE_MS / 3),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), (size, actions) => {
      const limit = new Limit(size);
      const asks = new Map<string, number>();
      const wanted = new Map<string, number>();
      let [now, slotsNow] = [NOW, size];
      for (const { run, slots, what, passes } of actions) {
        now += passes;
        limit.leases.expire(now);
        const before = used(limit.leases.usage(now));
        const ask = asks.get(run) ?? 0;
        if (what === "ask") {
          limit.ask(run, { slots, ask: ask + 1, since: now }, now);
          asks.set(run, ask + 1);
          wanted.set(run, slots);
        } else if (what === "release") {
          limit.release(run, ask, now);
          wanted.delete(run);
        } else if (what === "renew") limit.leases.exchange(anOrder(run, { renew: [{ ord: 0, ask }] }), now);
        else if (what === "resize") limit.leases.define({ slots: (slotsNow = slots), includeDeferred: false }, now);
        else limit.restart();
        const usage = limit.leases.usage(now);
        expect(used(usage)).toBeLessThanOrEqual(Math.max(slotsNow, before));
        const free = slotsNow - used(usage);
        expect(usage.waitingSlots === 0 || free < 3).toBe(true);
        if (usage.waiting === 0) expect(usage.waitingSlots).toBe(0);
      }
    }),
    { numRuns: 200 },
  );
});
