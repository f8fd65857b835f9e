/**
 * @module The Nth call fails, for N = 1, 2, 3, ... until a run makes no more calls: whatever breaks once, wherever it breaks, the run comes to the same end.
 */
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test, vi } from "vitest";
import { type CallFault, type FaultPlan, NO_FAULTS } from "./calls.ts";
import { checkRest, type Ending, endingOf } from "./at-rest.ts";
import { DAG_ID, effects, index, spec } from "./one-of-each.ts";
import { Deployment } from "./deployment.ts";
import { Rng } from "../rng.ts";
import { VirtualTime, withVirtualGlobals } from "./virtual-time.ts";

vi.mock("cloudflare:workers", () => import("./cloudflare-workers.ts"));

const DAY_MS = 24 * 3_600_000;

interface Outcome {
  readonly ending: Ending;
  readonly effects: ReadonlyMap<string, number>;
}

async function runOnce(plan: FaultPlan, handOff = true): Promise<Outcome> {
  const time = new VirtualTime();
  const vars = handOff ? {} : { AIRFLARE_HAND_OFF: "0" };
  const longest = { large: 5, flaky: 5, broken: 5 };
  const deployment = new Deployment(time, plan, { index, vars, longest });
  effects.clear();
  return withVirtualGlobals(time, new Rng(1), async () => {
    deployment.trigger(spec, "run");
    await time.run(time.now + DAY_MS);
    checkRest(deployment, DAG_ID, "run");
    const ending = await endingOf(deployment, DAG_ID, "run");
    deployment.close();
    return { ending, effects: new Map(effects) };
  });
}

/** Runs with a fault at the first call, the second, ... and answers for each N how it ended; stops when a run made fewer calls. */
async function eachCall(fault: CallFault, handOff = true): Promise<Map<string, Outcome>> {
  const outcomes = new Map<string, Outcome>();
  for (let n = 1; ; n++) {
    let calls = 0;
    let broken = "";
    const onCall = (point: string): CallFault => {
      if (++calls !== n) return "none";
      broken = point;
      return fault;
    };
    const name = (): string => `call ${n} (${broken}) ${fault}`;
    const outcome = await runOnce({ ...NO_FAULTS, onCall }, handOff).catch((error: unknown) => {
      throw new Error(`${name()}: ${String(error)}`, { cause: error });
    });
    if (broken === "") return outcomes;
    outcomes.set(name(), outcome);
  }
}

const FAULTS = [
  ["refused", true],
  ["reply-lost", true],
  ["evicted", true],
  ["killed", true],
  ["refused", false],
] as const;

describe("the Nth call", () => {
  test.each(FAULTS)(
    "the run ends the same whichever call is %s (hand-off: %s)",
    async (fault, handOff) => {
      const calm = await runOnce(NO_FAULTS, handOff);
      const outcomes = await eachCall(fault, handOff);
      expect(outcomes.size).toBeGreaterThan(30);
      const others = [...outcomes].filter(([, { ending }]) => !isDeepStrictEqual(ending, calm.ending));
      expect(others.map(([name, { ending }]) => [name, ending])).toEqual([]);
      // Everything the author's code does was done, and nothing more often than one lost attempt explains.
      for (const [name, { effects: counted }] of outcomes)
        for (const [what, times] of calm.effects) {
          const done = counted.get(what) ?? 0;
          const asOften = what === "run/poke" ? done >= 2 : done >= times && done <= times + 1;
          expect({ name, what, done, asOften }).toEqual({ name, what, done, asOften: true });
        }
    },
    60_000,
  );
});

test("a write that fails for want of space is undone, and the run ends the same whichever it is", async () => {
  const calm = await runOnce(NO_FAULTS);
  let n = 0;
  for (let met = true; met;) {
    n++;
    let statements = 0;
    // Keeping what `ctx.once` gave is part of the author's code: that its error is the task's is right.
    const onStatement = (sql: string): boolean => !/ once \(/.test(sql) && ++statements === n;
    const { ending } = await runOnce({ ...NO_FAULTS, onStatement });
    expect({ n, ending }).toEqual({ n, ending: calm.ending });
    met = statements >= n;
  }
  expect(n).toBeGreaterThan(50);
}, 60_000);

test("without a fault the run ends as it should and everything happens once", async () => {
  const { ending, effects: counted } = await runOnce(NO_FAULTS);
  expect(ending).toMatchObject({
    state: "success",
    tries: { "flaky[-1]": 2, "double[2]": 1 },
    xcoms: { "collect[-1].return_value": { total: 12, length: 40_000 } },
  });
  const { "run/poke": pokes, ...rest } = Object.fromEntries(counted);
  expect(pokes).toBe(3);
  expect(new Set(Object.values(rest))).toEqual(new Set([1]));
});
