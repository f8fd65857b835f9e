/**
 * @module Bindings in trouble for a long time, in virtual time: the history refuses everything for ten minutes, R2 fails 30 % of its calls, the queue loses
 * 30 % of its messages and doubles 20 %. The Worker's own code runs on the fake bindings of the second layer of the simulation.
 */
import { expect, test, vi } from "vitest";
import { checkRest, endingOf } from "../sim/adapters/at-rest.ts";
import { type CallFault, NO_FAULTS } from "../sim/adapters/calls.ts";
import { Deployment } from "../sim/adapters/deployment.ts";
import { DAG_ID, index, spec } from "../sim/adapters/one-of-each.ts";
import { VirtualTime, withVirtualGlobals } from "../sim/adapters/virtual-time.ts";
import { Rng } from "../sim/rng.ts";

vi.mock("cloudflare:workers", () => import("../sim/adapters/cloudflare-workers.ts"));

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const RUNS = 60;

interface Trouble {
  readonly history?: boolean;
  readonly r2?: boolean;
  readonly queue?: boolean;
}

interface Counted {
  readonly states: Readonly<Record<string, number>>;
  readonly refusedPushes: number;
  readonly failedCalls: number;
  readonly lost: number;
  readonly doubled: number;
}

/** Runs that begin within ten minutes, to their rest. Fails unless each has ended and the history has it as its object does. */
async function runsIn({ history = false, r2 = false, queue = false }: Trouble, seed: number): Promise<Counted> {
  const time = new VirtualTime();
  const rng = new Rng(seed);
  const upAt = time.now + 10 * MINUTE_MS;
  const counted = { states: {} as Record<string, number>, refusedPushes: 0, failedCalls: 0, lost: 0, doubled: 0 };
  const plan = {
    ...NO_FAULTS,
    takesPush: () => {
      const takes = !history || time.now >= upAt;
      if (!takes) counted.refusedPushes++;
      return takes;
    },
    onCall: (point: string): CallFault => {
      if (!r2 || !point.startsWith("OBJECTS.") || !rng.chance(0.3)) return "none";
      counted.failedCalls++;
      return rng.pick(["refused", "reply-lost"] as const);
    },
    onMessage: () => {
      if (queue && rng.chance(0.3)) {
        counted.lost++;
        return { copies: 0, lateMs: 0 };
      }
      if (!queue || !rng.chance(0.2)) return { copies: 1, lateMs: 0 };
      counted.doubled++;
      return { copies: 2, lateMs: rng.below(20_000) };
    },
  };
  // Without hand-off every attempt goes through the queue.
  const deployment = new Deployment(time, plan, { index, vars: { AIRFLARE_HAND_OFF: "0" }, longest: {} });
  const runIds = Array.from({ length: RUNS }, (_, each) => `run_${each}`);
  for (const runId of runIds) time.plan(rng.below(10 * MINUTE_MS), () => deployment.trigger(spec, runId));
  await withVirtualGlobals(time, new Rng(seed + 1), async () => {
    await time.run(time.now + DAY_MS);
    for (const runId of runIds) {
      checkRest(deployment, DAG_ID, runId);
      const { state } = await endingOf(deployment, DAG_ID, runId);
      counted.states[state] = (counted.states[state] ?? 0) + 1;
    }
    deployment.close();
  });
  return counted;
}

test("while the history refuses everything for ten minutes the runs go on, and it has them all afterwards", async () => {
  const counted = await runsIn({ history: true }, 1);
  expect(counted.states).toEqual({ success: RUNS });
  expect(counted.refusedPushes).toBeGreaterThan(RUNS);
});

test("with every third R2 call failing all runs end", async () => {
  const counted = await runsIn({ r2: true }, 2);
  expect(counted.failedCalls).toBeGreaterThan(RUNS / 2);
  // Four failures in a row cost a task without retries its only try; that is rare.
  expect(counted.states["success"]).toBeGreaterThan(RUNS * 0.9);
});

test("with a queue that loses 30 % of its messages and doubles 20 % all runs succeed", async () => {
  const counted = await runsIn({ queue: true }, 3);
  expect(counted.states).toEqual({ success: RUNS });
  expect(Math.min(counted.lost, counted.doubled)).toBeGreaterThan(RUNS);
});

test("with all of it at once all runs end, over many seeds", async () => {
  const totals: Record<string, number> = {};
  for (let seed = 10; seed < 20; seed++) {
    const counted = await runsIn({ history: true, r2: true, queue: true }, seed);
    for (const [state, runs] of Object.entries(counted.states)) totals[state] = (totals[state] ?? 0) + runs;
  }
  process.stdout.write(`all troubles at once: ${JSON.stringify(totals)}\n`);
  expect(totals["success"]).toBeGreaterThan(RUNS * 10 * 0.9);
}, 120_000);
