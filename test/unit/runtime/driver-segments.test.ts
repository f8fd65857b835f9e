/**
 * @module The driver and linear segments: the next task begins before the one before it is reported, sees its values, and is dropped when it may not run.
 */
import { beforeEach, describe, expect, test } from "vitest";
import { InvocationBudget } from "../../../src/runtime/budgets.ts";
import { type DriverLimits, type DriveSummary, driveBatch } from "../../../src/runtime/driver.ts";
import type { AttemptOrder } from "../../../src/model/protocol.ts";
import { aBatch, aDag, anOrder, type FakePorts, fakePorts, settle, START } from "../../support/runtime-fakes.ts";

let ports: FakePorts;
let ran: string[];
let aborted: string[];
beforeEach(() => {
  ports = fakePorts();
  ran = [];
  aborted = [];
});

function drive(first: AttemptOrder, over: Partial<DriverLimits> = {}): Promise<DriveSummary> {
  const dag = aDag({
    one: () => {
      ran.push("one");
      return 1;
    },
    two: async (_input, ctx) => {
      ran.push("two");
      return Number(await ctx.ti.xcomPull("one")) + 1;
    },
    three: async (_input, ctx) => {
      ran.push("three");
      return Number(await ctx.ti.xcomPull("two")) + 1;
    },
    fails: () => {
      ran.push("fails");
      throw new Error("no");
    },
    once: (_input, ctx) => ctx.once("key", () => void ran.push("once")),
    slow: async (_input, ctx) => {
      ctx.signal.addEventListener("abort", () => aborted.push("slow"));
      await ports.clock.sleep(1_000);
      ran.push("slow");
    },
  });
  const limits = {
    driver: "queue" as const,
    deadlineAt: START + 3_600_000,
    room: 50,
    budget: new InvocationBudget("paid"),
    handOff: true,
  };
  return driveBatch(aBatch([first], { heartbeatMs: 200 }), dag, ports, { ...limits, ...over });
}

function chainOf(...taskIds: readonly string[]): AttemptOrder {
  const [taskId = "", ...rest] = taskIds;
  return anOrder(taskId, rest.length === 0 ? {} : { next: chainOf(...rest) });
}

const reports = () =>
  ports.run.reports.map((call) =>
    call.reports.map(({ token, outcome, continuedBy }) => ({ token, kind: outcome.kind, continuedBy })),
  );

describe("a segment of short tasks", () => {
  test("runs to its end and is reported in one call, each task seeing what the one before it pushed", async () => {
    const first = chainOf("one", "two", "three");
    const summary = await drive(first);
    const [one, two, three] = [first.token, first.next?.token, first.next?.next?.token];
    expect(reports()).toEqual([
      [
        { token: one, kind: "success", continuedBy: two },
        { token: two, kind: "success", continuedBy: three },
        { token: three, kind: "success", continuedBy: undefined },
      ],
    ]);
    expect(ports.run.reports[0]?.reports[2]?.outcome).toMatchObject({ xcoms: [{ value: { text: "[3]" } }] });
    expect(summary).toMatchObject({ started: 3, reported: 3, stopped: 0 });
  });

  test("stops at a failure", async () => {
    await drive(chainOf("one", "fails", "three"));
    expect(ran).toEqual(["one", "fails"]);
    expect(reports()[0]?.map(({ kind, continuedBy }) => [kind, continuedBy !== undefined])).toEqual([
      ["success", true],
      ["failed", false],
    ]);
  });

  test("is not continued shortly before the deadline, nor with hand-off turned off", async () => {
    await drive(chainOf("one", "two"), { deadlineAt: START + 4_000 });
    await drive(chainOf("one", "two"), { handOff: false });
    expect(ran).toEqual(["one", "one"]);
    expect(
      reports()
        .flat()
        .every(({ continuedBy }) => continuedBy === undefined),
    ).toBe(true);
  });

  test("is reported so far while a later task takes its time, and heartbeats only what the object knows", async () => {
    const first = chainOf("one", "slow");
    const driving = drive(first);
    await settle();
    expect(reports()).toEqual([]);
    await ports.clock.advance(150);
    expect(reports()).toEqual([[{ token: first.token, kind: "success", continuedBy: first.next?.token }]]);
    await ports.clock.advance(2_000);
    await driving;
    expect(reports()[1]).toEqual([{ token: first.next?.token, kind: "success", continuedBy: undefined }]);
  });

  test("sends nothing of a later task, no report and no heartbeat, before the object has the report that opens it", async () => {
    const first = chainOf("one", "slow");
    const delivered = Promise.withResolvers<void>();
    ports.run.onReport = async () => {
      await delivered.promise;
      return {};
    };
    const driving = drive(first);
    await settle();
    await ports.clock.advance(150);
    await ports.clock.advance(2_000);
    expect(ran).toEqual(["one", "slow"]);
    expect(reports()).toHaveLength(1);
    expect(ports.run.heartbeats).toEqual([]);
    delivered.resolve();
    await driving;
    expect(reports().map((call) => call.map(({ token }) => token))).toEqual([[first.token], [first.next?.token]]);
  });

  test("is dropped when the object refuses to continue it", async () => {
    const first = chainOf("one", "slow");
    ports.run.onReport = () => ({ stale: [first.next?.token ?? ""] });
    const driving = drive(first);
    await settle();
    await ports.clock.advance(150);
    expect(aborted).toEqual(["slow"]);
    expect(await driving).toMatchObject({ stopped: 1 });
    expect(reports()).toHaveLength(1);
  });

  test("is opened at the object before one of its tasks asks something of it", async () => {
    const first = chainOf("one", "once");
    let known = false;
    ports.run.onReport = () => {
      known = true;
      return {};
    };
    const once = ports.run.once;
    const asked: boolean[] = [];
    const run = Object.assign(Object.create(ports.run), {
      once: (...args: Parameters<typeof once>) => (asked.push(known), once(...args)),
    });
    ports = { ...ports, run };
    await drive(first);
    expect(asked).toEqual([true, true]);
  });
});
