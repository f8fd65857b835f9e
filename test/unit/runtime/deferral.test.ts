/**
 * @module Deferrals in the runtime: what a thrown `TaskDeferred` orders, looking at triggers, and going on.
 */
import { describe, expect, test } from "vitest";
import {
  dag,
  dateTimeTrigger,
  done,
  externalTaskTrigger,
  httpTrigger,
  sensor,
  task,
  TaskDeferred,
  timeDeltaTrigger,
  type Context,
  type Trigger,
} from "../../../src/index.ts";
import { withOutside } from "../../../src/dag/outside.ts";
import { decode, encode } from "../../../src/lib/codec.ts";
import type { Deferral } from "../../../src/model/deferral.ts";
import type { ObserveAnswer } from "../../../src/model/protocol.ts";
import { deferredOutcome, lookAtTrigger } from "../../../src/runtime/deferral.ts";
import { testContext, testDag } from "../../../src/testing.ts";
import { openedDeferral } from "../../../src/runtime/sealed-deferral.ts";
import { SealedValues } from "../../../src/runtime/sealed-values.ts";
import { SecretMasker } from "../../../src/runtime/secret-masker.ts";
import { attemptReport } from "../../support/attempt-runner.ts";
import { aDag, anOrder, fakePorts, START } from "../../support/runtime-fakes.ts";

const HOUR = 3_600_000;

function contextAt(now: number, answer: ObserveAnswer = { isDeployed: true, unknown: [], runs: [] }): Context {
  return withOutside(testContext(), {
    now: () => now,
    firstPokedAt: null,
    timeoutAt: null,
    trigger: async () => ({ runId: "", logicalDate: null, isNew: true }),
    observe: async () => answer,
  });
}

function deferralOf(trigger: Trigger, timeout?: "1h"): Deferral {
  return deferredOutcome(new TaskDeferred({ trigger, ...(timeout === undefined ? {} : { timeout }) }), START).deferral;
}

describe("what is thrown", () => {
  test("is data: a time, a name, values in the codec, an end", () => {
    const thrown = new TaskDeferred({
      trigger: timeDeltaTrigger("10m"),
      method: "collect",
      kwargs: { n: 7n, at: new Date(0) },
      timeout: "1h",
    });
    const { at, deferral } = deferredOutcome(thrown, START);
    expect(at).toBe(START + 600_000);
    expect(deferral).toMatchObject({ trigger: { kind: "date-time", at }, method: "collect", timeoutAt: START + HOUR });
    expect(decode(deferral.kwargs)).toEqual({ n: 7n, at: new Date(0) });
  });

  test("may be a date alone", () => {
    expect(deferredOutcome(new TaskDeferred(new Date(START + 5)), START)).toMatchObject({
      kind: "deferred",
      at: START + 5,
      deferral: { method: null },
    });
  });

  test("is looked at by the end of its timeout at the latest", () => {
    expect(deferredOutcome(new TaskDeferred({ trigger: timeDeltaTrigger("5h"), timeout: "1h" }), START).at).toBe(
      START + HOUR,
    );
  });

  test.each<[string, unknown, RegExp]>([
    ["no trigger", { code: "TaskDeferred", options: {} }, /has no trigger/],
    [
      "a bad duration",
      new TaskDeferred({ trigger: timeDeltaTrigger("soon" as "1h") }),
      /delta of a deferral is no duration/,
    ],
    ["a bad date", new TaskDeferred(new Date(Number.NaN)), /is no date/],
    [
      "a task and a group",
      new TaskDeferred({ trigger: externalTaskTrigger({ dag: "up", task: "a", group: "g", logicalDates: [] }) }),
      /only one of task/,
    ],
  ])("is refused with %s", (_name, thrown, message) => {
    expect(() => deferredOutcome(thrown, START)).toThrow(message);
  });
});

describe("a trigger", () => {
  test("of a time fires at it, not before", async () => {
    const deferral = deferralOf(dateTimeTrigger(new Date(START + 10)));
    expect(await lookAtTrigger(deferral, contextAt(START + 9))).toEqual({ kind: "waiting", at: START + 10 });
    expect(await lookAtTrigger(deferral, contextAt(START + 10))).toEqual({
      kind: "fired",
      event: new Date(START + 10),
    });
  });

  test("of another DAG fires with how it ended, and asks by itself every ten minutes", async () => {
    const deferral = deferralOf(
      externalTaskTrigger({ dag: "up", logicalDates: [new Date(1)], failedStates: ["failed"] }),
    );
    expect(await lookAtTrigger(deferral, contextAt(START))).toEqual({ kind: "waiting", at: START + 600_000 });
    const failed = {
      isDeployed: true,
      unknown: [],
      runs: [{ logicalDate: 1, state: "failed", instances: [] }],
    } as const;
    expect(await lookAtTrigger(deferral, contextAt(START, failed))).toEqual({
      kind: "fired",
      event: { status: "failed" },
    });
  });

  test("that does not fire in time fails the try, one that fires at its very end does not", async () => {
    const late = deferralOf(timeDeltaTrigger("5h"), "1h");
    await expect(lookAtTrigger(late, contextAt(START + HOUR))).rejects.toThrow(
      expect.objectContaining({ code: "TaskDeferralTimeout" }),
    );
    const inTime = deferralOf(timeDeltaTrigger("60m"), "1h");
    expect(await lookAtTrigger(inTime, contextAt(START + HOUR))).toMatchObject({ kind: "fired" });
  });
});

describe("a whole run", () => {
  const statesOf = (run: Awaited<ReturnType<typeof testDag>>) =>
    Object.values(run.tasks).map(({ state, tryNumber }) => [state, tryNumber]);

  test("goes on in the named function, with the task's inputs and what it left", async () => {
    const collect = task(
      "collect",
      { resume: { after: async ({ n }: { n: number }, ctx) => n + Number(ctx.resumed?.kwargs["more"]) } },
      async ({ n }: { n: number }): Promise<number> => {
        if (n === 0) return 0;
        throw new TaskDeferred({ trigger: timeDeltaTrigger("1d"), method: "after", kwargs: { more: 3 } });
      },
    );
    const run = await testDag(dag("deferring", { schedule: null }, () => void collect({ n: 4 })));
    expect(run.tasks["collect"]).toMatchObject({ state: "success", tryNumber: 1, result: 7 });
  });

  test("may defer again and again", async () => {
    const again = task("again", async (_: object, ctx) => {
      const n = Number(ctx.resumed?.kwargs["n"] ?? 0);
      if (n < 3) throw new TaskDeferred({ trigger: timeDeltaTrigger("1h"), kwargs: { n: n + 1 } });
      return n;
    });
    expect((await testDag(dag("deferring", { schedule: null }, () => void again()))).tasks["again"]).toMatchObject({
      result: 3,
      tryNumber: 1,
    });
  });

  test("a time-out follows the retry policy, and the next try begins anew", async () => {
    const starts: boolean[] = [];
    const late = task("late", { retries: 1, retryDelay: "1s" }, async (_: object, ctx) => {
      starts.push(ctx.resumed === undefined);
      throw new TaskDeferred({ trigger: timeDeltaTrigger("5h"), timeout: "1h" });
    });
    const run = await testDag(dag("deferring", { schedule: null }, () => void late()));
    expect(statesOf(run)).toEqual([["failed", 2]]);
    expect(run.tasks["late"]?.error?.code).toBe("TaskDeferralTimeout");
    expect(starts).toEqual([true, true]);
  });

  test("of a sensor the time-out is the sensor's: no retry, softFail skips", async () => {
    const wait = (softFail: boolean) =>
      sensor("wait", { retries: 3, softFail }, async (_: object, ctx) => {
        if (ctx.resumed === undefined) throw new TaskDeferred({ trigger: timeDeltaTrigger("5h"), timeout: "1h" });
        return done(1);
      });
    const ended = async (softFail: boolean) =>
      statesOf(await testDag(dag("deferring", { schedule: null }, () => void wait(softFail)())));
    expect(await ended(false)).toEqual([["failed", 1]]);
    expect(await ended(true)).toEqual([["skipped", 1]]);
  });

  test("a function that the deployed code does not have fails by name", async () => {
    const lost = task("lost", { resume: { other: async () => 1 } }, async () => {
      throw new TaskDeferred({ trigger: timeDeltaTrigger("1s"), method: "gone" });
    });
    const run = await testDag(dag("deferring", { schedule: null }, () => void lost()));
    expect(run.tasks["lost"]?.error).toMatchObject({
      code: "handler_missing",
      message: expect.stringMatching(/go on with "gone".*\(other\)/),
    });
  });

  test("callbacks before the attempt run once, however often it goes on", async () => {
    let executions = 0;
    const once = task("once", { onExecuteCallback: () => void executions++ }, async (_: object, ctx) => {
      if (ctx.resumed === undefined) throw new TaskDeferred({ trigger: timeDeltaTrigger("1s") });
    });
    await testDag(dag("deferring", { schedule: null }, () => void once()));
    expect(executions).toBe(1);
  });

  test("values that cannot be stored are refused", async () => {
    expect(() => encode({ f: () => 1 })).toThrow();
    const bad = task("bad", async () => {
      throw new TaskDeferred({ trigger: timeDeltaTrigger("1s"), kwargs: { f: () => 1 } });
    });
    const run = await testDag(dag("deferring", { schedule: null }, () => void bad()));
    expect(run.tasks["bad"]?.state).toBe("failed");
  });

  test("what it leaves with a secret in it is stored sealed, and comes back as it was", async () => {
    const secret = "key-of-the-job-service";
    const ports = fakePorts({ variables: { get: async () => secret, names: async () => [] } });
    const execute = async (_: object, ctx: Context): Promise<unknown> => {
      if (ctx.resumed !== undefined) return ctx.resumed.kwargs["key"] === secret;
      const key = String(await ctx.variables.get("job_api_key" as never));
      throw new TaskDeferred({
        trigger: httpTrigger({ endpoint: `http://x/?k=${key}`, headers: { authorization: key, accept: "*/*" } }),
        kwargs: { key },
      });
    };
    const code = aDag({ t: { execute, callbacks: {} } });
    const { outcome } = await attemptReport(anOrder("t"), code, { ports });
    if (outcome.kind !== "deferred") throw new Error(JSON.stringify(outcome));
    expect(JSON.stringify(outcome)).not.toContain(secret);
    expect(outcome.deferral.trigger).toMatchObject({ headers: { accept: "*/*" } });
    const trigger = { kind: "date-time", at: START } as const;
    const order = anOrder("t", { deferral: { ...outcome.deferral, trigger } });
    const resumed = await attemptReport(order, code, { ports });
    expect(resumed.outcome).toMatchObject({ kind: "success", xcoms: [{ value: { text: encode(true) } }] });
    const opened = await openedDeferral(outcome.deferral, new SealedValues(ports.secrets, new SecretMasker()));
    expect(opened.trigger).toMatchObject({ endpoint: `http://x/?k=${secret}`, headers: { authorization: secret } });
  });
});
