/**
 * @module Slots as leases: never over the limit, given twice harmlessly, handed over in the same turn.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { LEASE_MS, SlotLeases } from "../../../../src/cloudflare/slot/slot-leases.ts";
import { nodeSql } from "../../../support/node-sql.ts";

const NOW = 1_800_000_000_000;

function leases(limit: number): SlotLeases {
  const made = new SlotLeases(nodeSql());
  made.setLimit(limit, NOW);
  return made;
}

const ask = (key: string, over: { slots?: number; priority?: number; since?: number } = {}) => ({
  key,
  slots: 1,
  priority: 1,
  since: NOW,
  ...over,
});

test("without a limit every request is granted", () => {
  const made = new SlotLeases(nodeSql());
  expect(made.request(ask("a", { slots: 1_000 }), NOW)).toMatchObject({ kind: "granted" });
});

test("asking twice takes one lease, giving back twice frees it once", () => {
  const made = leases(2);
  made.request(ask("a"), NOW);
  expect(made.request(ask("a"), NOW)).toMatchObject({ kind: "granted" });
  made.request(ask("b"), NOW);
  expect(made.usage(NOW)).toEqual({ limit: 2, held: 2, waiting: 0 });
  made.release(["a"], NOW);
  made.release(["a"], NOW);
  expect(made.usage(NOW)).toEqual({ limit: 2, held: 1, waiting: 0 });
});

test("a freed slot goes to the waiting in the same turn: higher priority, then the older", () => {
  const made = leases(1);
  made.request(ask("holder"), NOW);
  expect(made.request(ask("young", { priority: 5, since: NOW + 2 }), NOW)).toEqual({ kind: "waiting", ahead: 0 });
  made.request(ask("old", { priority: 5, since: NOW + 1 }), NOW);
  expect(made.request(ask("low", { priority: 1, since: NOW }), NOW)).toEqual({ kind: "waiting", ahead: 2 });
  expect(made.release(["holder"], NOW).map((grant) => grant.key)).toEqual(["old"]);
  expect(made.release(["old"], NOW).map((grant) => grant.key)).toEqual(["young"]);
});

test("one that does not fit lets smaller ones behind it pass; one that never fits is refused", () => {
  const made = leases(2);
  made.request(ask("holder"), NOW);
  made.request(ask("big", { slots: 2, priority: 9 }), NOW);
  expect(made.request(ask("small"), NOW)).toMatchObject({ kind: "granted" });
  expect(made.request(ask("giant", { slots: 3 }), NOW)).toMatchObject({ kind: "refused" });
});

test("a lease that nobody renews frees its slots; a renewed one stays", () => {
  const made = leases(2);
  made.request(ask("dead"), NOW);
  made.request(ask("alive"), NOW);
  made.request(ask("next"), NOW);
  expect(made.renew(["alive", "unknown"], NOW + LEASE_MS / 2).map((grant) => grant.key)).toEqual(["alive"]);
  expect(made.expire(NOW + LEASE_MS).map((grant) => grant.key)).toEqual(["next"]);
  expect(made.renew(["dead"], NOW + LEASE_MS)).toEqual([]);
});

test("a lower limit takes nothing away, and grants nothing until there is room", () => {
  const made = leases(2);
  made.request(ask("a"), NOW);
  made.request(ask("b"), NOW);
  made.setLimit(1, NOW);
  expect(made.request(ask("c"), NOW)).toMatchObject({ kind: "waiting" });
  expect(made.release(["a"], NOW)).toEqual([]);
  expect(made.release(["b"], NOW).map((grant) => grant.key)).toEqual(["c"]);
});

test("whatever is asked and given back, held slots never exceed the limit and no free slot waits while somebody fits", () => {
  const action = fc.record({
    key: fc.constantFrom("a", "b", "c", "d", "e"),
    slots: fc.integer({ min: 1, max: 3 }),
    release: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 40 }), (limit, actions) => {
      const made = leases(limit);
      for (const [i, { key, slots, release }] of actions.entries()) {
        if (release) made.release([key], NOW + i);
        else made.request(ask(key, { slots, since: NOW + i }), NOW + i);
        expect(made.usage(NOW + i).held).toBeLessThanOrEqual(limit);
        expect(made.expire(NOW + i)).toEqual([]);
      }
    }),
    { numRuns: 100 },
  );
});
