/**
 * @module The driver: attempts side by side, outcomes reported together, hand-off, heartbeats, stops, lost calls.
 */
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { Context } from "../../../src/dag/context.ts";
import type { AttemptBatch } from "../../../src/model/protocol.ts";
import { InvocationBudget } from "../../../src/runtime/budgets.ts";
import { type DriverLimits, type DriveSummary, driveBatch } from "../../../src/runtime/driver.ts";
import { linesOf } from "../../support/attempt-runner.ts";
import { aBatch, aDag, anOrder, type FakePorts, fakePorts, settle, START } from "../../support/runtime-fakes.ts";

const HOUR = 3_600_000;

function drive(batch: AttemptBatch, ports: FakePorts, over: Partial<DriverLimits> = {}): Promise<DriveSummary> {
  const dag = aDag({
    quick: () => undefined,
    echo: (_input, ctx) => ctx.ti.mapIndex,
    slow: async (_input, ctx) => {
      ctx.log.info("slow starts");
      await ports.clock.sleep(1000);
      ctx.log.info("slow ends");
    },
    hanging: (_input, ctx) => {
      hanging.push(ctx);
      return new Promise(() => undefined);
    },
  });
  const limits = {
    driver: "queue" as const,
    deadlineAt: START + HOUR,
    room: 50,
    budget: new InvocationBudget("paid"),
    handOff: true,
  };
  return driveBatch(batch, dag, ports, { ...limits, ...over });
}

let hanging: Context[] = [];
let ports: FakePorts;
beforeEach(() => {
  hanging = [];
  ports = fakePorts();
});
afterEach(() => {
  vi.restoreAllMocks();
});

/** Tokens of each report call, in order. */
const reported = (): readonly (readonly string[])[] =>
  ports.run.reports.map(({ reports }) => reports.map(({ token }) => token));
const tokensOf = (batch: AttemptBatch): readonly string[] => batch.attempts.map(({ token }) => token);

describe("reports", () => {
  test("one attempt alone is reported at once, with no timer waited for", async () => {
    const batch = aBatch([anOrder("quick")]);
    const summary = await drive(batch, ports);
    expect(reported()).toEqual([tokensOf(batch)]);
    expect(summary).toEqual({ started: 1, reported: 1, stale: 0, stopped: 0, undelivered: 0, runState: "running" });
  });

  test("attempts that end together are reported in one call", async () => {
    const batch = aBatch(Array.from({ length: 30 }, () => anOrder("quick")));
    await drive(batch, ports);
    expect(reported()).toHaveLength(1);
    expect(reported()[0]).toHaveLength(30);
  });

  test("an outcome does not wait for a slow mate longer than the coalescing time", async () => {
    const batch = aBatch([anOrder("quick"), anOrder("slow"), anOrder("quick")]);
    const driving = drive(batch, ports);
    const [first, slow, third] = tokensOf(batch);
    await ports.clock.advance(10);
    expect(reported()).toEqual([[first, third]]);
    await ports.clock.advance(1000);
    expect(reported()).toEqual([[first, third], [slow]]);
    expect(ports.run.reports.map(({ reports }) => reports[0]?.endedAt)).toEqual([START, START + 1000]);
    await driving;
  });

  test("no more attempts run at the same time than there is room for", async () => {
    const batch = aBatch(Array.from({ length: 5 }, () => anOrder("slow")));
    const driving = drive(batch, ports, { room: 2 });
    await ports.clock.advance(1500);
    expect(reported().flat()).toHaveLength(2);
    await ports.clock.advance(2000);
    expect((await driving).reported).toBe(5);
  });

  test("what the object calls stale is counted and nothing else", async () => {
    const batch = aBatch([anOrder("quick")]);
    ports.run.onReport = () => ({ stale: tokensOf(batch), runState: "success" });
    expect(await drive(batch, ports)).toMatchObject({ reported: 1, stale: 1, runState: "success" });
  });

  test("very large logs are spread over calls", async () => {
    const dag = aDag({
      chatty: (_input, ctx) => Array.from({ length: 40 }, () => ctx.log.info("x".repeat(200_000))).length,
    });
    const batch = aBatch([anOrder("chatty"), anOrder("chatty")]);
    const budget = new InvocationBudget("paid");
    await driveBatch(batch, dag, ports, { driver: "queue", deadlineAt: START + HOUR, room: 5, budget, handOff: true });
    expect(reported()).toHaveLength(2);
  });
});

describe("hand-off", () => {
  test("runs what the answers hand over until nothing is left", async () => {
    const chain = Array.from({ length: 10 }, () => aBatch([anOrder("quick")]));
    let next = 1;
    ports.run.onReport = () => ({ next: chain[next++] ?? null });
    const summary = await drive(chain[0] ?? aBatch([]), ports);
    expect(summary).toMatchObject({ started: 10, reported: 10 });
    expect(reported().flat()).toEqual(chain.flatMap(tokensOf));
  });

  test("offers the room that is left, the deadline and the kind of driver", async () => {
    const driving = drive(aBatch([anOrder("quick"), anOrder("slow")]), ports, { room: 8, driver: "http" });
    await ports.clock.advance(2000);
    await driving;
    expect(ports.run.reports.map(({ offer }) => offer)).toEqual([
      { room: 7, deadlineAt: START + HOUR, driver: "http" },
      { room: 8, deadlineAt: START + HOUR, driver: "http" },
    ]);
  });

  test("offers nothing when it is off, after the deadline, and without budget", async () => {
    const spent = new InvocationBudget("free");
    for (let i = 0; i < 30; i++) spent.spendSubrequest();
    for (const over of [{ handOff: false }, { deadlineAt: START }, { budget: spent }]) {
      const own = fakePorts();
      await drive(aBatch([anOrder("quick")]), own, over);
      expect(own.run.reports.map(({ offer }) => offer)).toEqual([null]);
    }
  });

  test("never takes more attempts in one invocation than its budget", async () => {
    ports.run.onReport = ({ offer }) => ({
      next: offer === null ? null : aBatch(Array.from({ length: offer.room }, () => anOrder("quick"))),
    });
    expect((await drive(aBatch([anOrder("quick")]), ports)).started).toBe(200);
    const free = fakePorts();
    free.run.onReport = ({ offer }) => ({ next: offer === null ? null : aBatch([anOrder("quick")]) });
    const summary = await drive(aBatch([anOrder("quick")]), free, { budget: new InvocationBudget("free") });
    expect(summary.started).toBeGreaterThan(20);
    expect(free.run.reports.length).toBeLessThanOrEqual(35);
  });

  test("a token is never started twice in one invocation", async () => {
    const batch = aBatch([anOrder("quick")]);
    ports.run.onReport = () => ({ next: batch });
    expect(await drive(batch, ports)).toMatchObject({ started: 1, reported: 1 });
  });

  test("an empty batch ends at once", async () => {
    expect(await drive(aBatch([]), ports)).toMatchObject({ started: 0, runState: null });
  });
});

describe("heartbeats", () => {
  test("are one call per interval for all that runs or waits, and carry the log", async () => {
    const batch = aBatch([anOrder("hanging"), anOrder("slow"), anOrder("slow")], { heartbeatMs: 400 });
    const driving = drive(batch, ports, { room: 2 });
    await ports.clock.advance(500);
    const [hang, slow, waiting] = tokensOf(batch);
    expect(ports.run.heartbeats.map(({ tokens }) => tokens)).toEqual([[hang, slow, waiting]]);
    expect(linesOf(ports.run.heartbeats[0]?.logs[slow ?? ""])).toMatchObject([{ event: "slow starts" }]);
    await ports.clock.advance(600);
    expect(linesOf(ports.run.reports[0]?.reports[0]?.log)).toMatchObject([{ event: "slow ends" }]);
    ports.run.onHeartbeat = ({ tokens }) => tokens;
    await ports.clock.advance(400);
    await driving;
  });

  test("that are lost give their lines back", async () => {
    vi.spyOn(console, "warn").mockImplementation(() => undefined);
    const batch = aBatch([anOrder("slow")], { heartbeatMs: 600 });
    ports.run.onHeartbeat = () => {
      throw new Error("lost");
    };
    const driving = drive(batch, ports);
    await ports.clock.advance(1000);
    await driving;
    expect(linesOf(ports.run.reports[0]?.reports[0]?.log)).toMatchObject([
      { event: "slow starts" },
      { event: "slow ends" },
    ]);
  });

  test("leave no timer behind when the driver ends", async () => {
    await drive(aBatch([anOrder("quick")]), ports);
    await settle();
    expect(ports.clock.sleepers.size).toBe(0);
  });
});

describe("a stop", () => {
  test("fires the attempt's signal, drops its result, and lets the rest go on", async () => {
    const batch = aBatch([anOrder("hanging"), anOrder("slow")], { heartbeatMs: 100 });
    const [hang, slow] = tokensOf(batch);
    ports.run.onHeartbeat = () => [hang ?? ""];
    const driving = drive(batch, ports);
    await ports.clock.advance(1200);
    expect(await driving).toMatchObject({ started: 2, reported: 1, stopped: 1 });
    expect(reported()).toEqual([[slow]]);
    expect(hanging[0]?.signal.aborted).toBe(true);
  });

  test("of an attempt that waits keeps it from starting", async () => {
    const batch = aBatch([anOrder("slow"), anOrder("hanging")], { heartbeatMs: 100 });
    ports.run.onHeartbeat = () => [tokensOf(batch)[1] ?? ""];
    const driving = drive(batch, ports, { room: 1 });
    await ports.clock.advance(1200);
    expect(await driving).toMatchObject({ reported: 1, stopped: 1 });
    expect(hanging).toEqual([]);
  });
});

describe("a report that is lost", () => {
  const failing = (times: number, error: object): number[] => {
    const at: number[] = [];
    ports.run.onReport = () => {
      at.push(ports.clock.time - START);
      if (at.length <= times) throw Object.assign(new Error("gone"), error);
      return {};
    };
    return at;
  };

  test.each([{ retryable: true }, { durableObjectReset: true }])(
    "with %j is repeated under the same call id",
    async (error) => {
      const at = failing(3, error);
      const driving = drive(aBatch([anOrder("quick")]), ports);
      await ports.clock.advance(20_000);
      expect(await driving).toMatchObject({ reported: 1, undelivered: 0 });
      expect(at).toHaveLength(4);
      expect(new Set(ports.run.reports.map(({ callId }) => callId)).size).toBe(1);
    },
  );

  test("because the object is overloaded is not repeated at once", async () => {
    const at = failing(1, { overloaded: true, retryable: true });
    const driving = drive(aBatch([anOrder("quick")]), ports);
    await ports.clock.advance(10_000);
    await driving;
    expect(at[1]).toBeGreaterThanOrEqual(1000);
  });

  test("for longer than the lease is given up, loudly", async () => {
    const shout = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const at = failing(Number.POSITIVE_INFINITY, { retryable: true });
    const batch = aBatch([anOrder("quick")], { leaseMs: 30_000 });
    const driving = drive(batch, ports);
    await ports.clock.advance(60_000);
    expect(await driving).toMatchObject({ started: 1, reported: 0, undelivered: 1 });
    expect(at.at(-1)).toBeLessThanOrEqual(30_000);
    expect(shout.mock.calls.flat().join()).toContain(tokensOf(batch)[0]);
  });

  test("because the object refuses one of its outcomes is sent again one by one", async () => {
    vi.spyOn(console, "error").mockImplementation(() => undefined);
    const batch = aBatch([anOrder("quick"), anOrder("quick"), anOrder("quick")]);
    const bad = tokensOf(batch)[1];
    ports.run.onReport = ({ reports }) => {
      if (reports.some(({ token }) => token === bad)) throw new Error("no such row");
      return {};
    };
    expect(await drive(batch, ports)).toMatchObject({ reported: 2, undelivered: 1 });
    expect(reported()).toHaveLength(4);
    expect(new Set(ports.run.reports.map(({ callId }) => callId)).size).toBe(4);
  });
});
