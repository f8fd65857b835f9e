/**
 * @module One attempt from order to report: sensors, time limits, callbacks, secrets, `once`.
 */
import { describe, expect, test, vi } from "vitest";
import { done } from "../../../src/dag/sensors/done.ts";
import { encode } from "../../../src/lib/codec.ts";
import type { AttemptOutcome } from "../../../src/model/outcome.ts";
import type { AttemptOrder } from "../../../src/model/protocol.ts";
import { attemptReport, linesOf, startedAttempt } from "../../support/attempt-runner.ts";
import { aDag, anOrder, aSensor, fakePorts, settle, START } from "../../support/runtime-fakes.ts";

async function outcomeOf(execute: () => unknown, over: Partial<AttemptOrder> = {}): Promise<AttemptOutcome> {
  return (await attemptReport(anOrder("t", over), aDag({ t: execute }))).outcome;
}

const inline = (key: string, value: unknown) => ({ key, value: { in: "inline", text: encode(value) } });
const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};

describe("a sensor", () => {
  const sensor = (over: Parameters<typeof aSensor>[0] = {}): Partial<AttemptOrder> => ({
    kind: "sensor",
    sensor: aSensor(over),
  });

  test("that answers false is poked again, its pushes kept", async () => {
    const dag = aDag({ t: async (_input, ctx) => (await ctx.ti.xcomPush("seen", 1), false) });
    const { outcome } = await attemptReport(anOrder("t", sensor()), dag);
    expect(outcome).toEqual({ kind: "reschedule", at: START + 60_000, xcoms: [inline("seen", 1)] });
  });

  test("that is done pushes its value, and nothing for plain true", async () => {
    expect(await outcomeOf(() => done(5), sensor())).toMatchObject({
      kind: "success",
      xcoms: [inline("return_value", 5)],
    });
    expect(await outcomeOf(() => true, sensor())).toEqual({ kind: "success", xcoms: [] });
  });

  test("that timed out is not retried, or skipped with softFail", async () => {
    const late = { firstPokedAt: START - 10, timeoutMs: 9 };
    expect(await outcomeOf(() => false, sensor(late))).toMatchObject({
      kind: "failed",
      retry: false,
      error: { code: "AirflowSensorTimeout" },
    });
    expect(await outcomeOf(() => false, sensor({ ...late, softFail: true }))).toMatchObject({ kind: "skipped" });
  });

  test("whose poke hangs is ended by its executionTimeout, skipped with softFail", async () => {
    for (const [softFail, kind] of [
      [true, "skipped"],
      [false, "failed"],
    ] as const) {
      const ports = fakePorts();
      const order = anOrder("t", { ...sensor({ softFail }), executionTimeoutMs: 50 });
      const report = attemptReport(order, aDag({ t: () => new Promise(() => undefined) }), { ports });
      await ports.clock.advance(50);
      expect((await report).outcome.kind).toBe(kind);
    }
  });
});

describe("an attempt", () => {
  test("gets its inputs and reports its times and metrics", async () => {
    const measured: unknown[] = [];
    const ports = { ...fakePorts({ metrics: (metrics) => measured.push(...metrics) }) };
    const dag = aDag({
      t: async ({ n }, ctx) => {
        ctx.stats.incr("rows", 3);
        await ports.clock.sleep(40);
        return n;
      },
    });
    const report = attemptReport(
      anOrder("t", { token: "inc:1:1", args: { n: { kind: "literal", text: "[4]" } } }),
      dag,
      { ports },
    );
    await ports.clock.advance(40);
    expect(await report).toEqual({
      token: "inc:1:1",
      outcome: { kind: "success", xcoms: [inline("return_value", 4)] },
      startedAt: START,
      endedAt: START + 40,
    });
    expect(measured).toEqual([{ kind: "counter", name: "rows", value: 3, tags: {} }]);
  });

  test("whose handler is gone fails naming both versions", async () => {
    const { outcome } = await attemptReport(anOrder("gone"), aDag({}));
    expect(outcome).toMatchObject({
      kind: "failed",
      error: {
        code: "handler_missing",
        message: expect.stringMatching(/gone .*version 0123456789ab, deployed is [0-9a-f]{12}\./),
      },
    });
  });

  test("that ignores its signal is abandoned at the time-out and can change nothing later", async () => {
    const ports = fakePorts();
    let late: Promise<unknown> | undefined;
    const dag = aDag({
      t: async (_input, ctx) => {
        await ports.clock.sleep(500);
        console.log("too late");
        late = ctx.ti.xcomPush("late", 1);
        await late;
      },
    });
    const attempt = startedAttempt(anOrder("t", { executionTimeoutMs: 100 }), dag, { ports });
    await ports.clock.advance(100);
    const report = await attempt.report;
    expect(report.outcome).toMatchObject({ kind: "failed", retry: true, error: { code: "AirflowTaskTimeout" } });
    await ports.clock.advance(400);
    await expect(late).rejects.toMatchObject({ code: "stale_attempt" });
    expect(attempt.log.drain()).toBe("");
  });

  test("sees its signal fire at the time-out", async () => {
    const ports = fakePorts();
    const reasons: unknown[] = [];
    const dag = aDag({
      t: (_input, ctx) =>
        new Promise((_resolve, reject) => {
          ctx.signal.addEventListener("abort", () => {
            reasons.push(ctx.signal.reason);
            reject(ctx.signal.reason);
          });
        }),
    });
    const report = attemptReport(anOrder("t", { executionTimeoutMs: 100 }), dag, { ports });
    await ports.clock.advance(100);
    expect((await report).outcome).toMatchObject({ error: { code: "AirflowTaskTimeout" } });
    expect(reasons).toMatchObject([{ code: "AirflowTaskTimeout" }]);
  });

  test("runs execute callbacks before its function; their errors are logged only", async () => {
    const calls: string[] = [];
    const execute = (): void => void calls.push("task");
    const dag = aDag({
      t: { execute, callbacks: { execute: [(c) => void calls.push(c.ti.taskId), thrower(new Error("bad callback"))] } },
    });
    const { outcome, log } = await attemptReport(anOrder("t"), dag);
    expect(calls).toEqual(["t", "task"]);
    expect(outcome.kind).toBe("success");
    expect(linesOf(log)).toMatchObject([{ level: "error", event: expect.stringContaining("bad callback") }]);
  });

  test("of an empty task needs no code", async () => {
    const dag = aDag({ start: () => undefined });
    const { outcome } = await attemptReport(anOrder("start", { kind: "empty" }), { ...dag, handlers: new Map() });
    expect(outcome).toEqual({ kind: "success", xcoms: [] });
  });

  test("masks secrets of its connections in its error and its log", async () => {
    const connection = {
      id: "slack",
      connType: "http",
      host: "h",
      port: null,
      login: null,
      password: "s3cr3t-pass",
      schema: null,
      extra: {},
      uri: "",
    };
    const ports = fakePorts({ connections: { get: async () => connection, ids: async () => [] } });
    const dag = aDag({
      t: async (_input, ctx) => {
        const { password } = await ctx.connections.get("slack");
        console.log(`using ${password}`);
        throw new Error(`refused ${password}`);
      },
    });
    const report = await attemptReport(anOrder("t"), dag, { ports });
    expect(report.outcome).toMatchObject({ error: { message: "refused ***" } });
    expect(JSON.stringify(report)).not.toContain("s3cr3t");
  });

  test("does not fail with a broken metrics port", async () => {
    const shout = vi.spyOn(console, "error").mockImplementation(() => undefined);
    const ports = fakePorts({ metrics: thrower(new Error("no")) });
    const dag = aDag({ t: (_input, ctx) => ctx.stats.incr("n") });
    expect((await attemptReport(anOrder("t"), dag, { ports })).outcome.kind).toBe("success");
    expect(shout).toHaveBeenCalledOnce();
    shout.mockRestore();
  });
});

describe("once", () => {
  test("runs its function in the first attempt and answers the stored result from then on", async () => {
    const ports = fakePorts();
    let charges = 0;
    const dag = aDag({ t: (_input, ctx) => ctx.once("charge", () => ({ id: ++charges, at: new Date(7) })) });
    const first = await attemptReport(anOrder("t"), dag, { ports });
    const second = await attemptReport(anOrder("t"), dag, { ports });
    await settle();
    expect(charges).toBe(1);
    expect(second.outcome).toEqual(first.outcome);
  });

  test("answers what another attempt stored meanwhile", async () => {
    const ports = fakePorts();
    const dag = aDag({
      t: (_input, ctx) => ctx.once("charge", () => (ports.run.onceTexts.set("charge", encode("theirs")), "mine")),
    });
    const { outcome } = await attemptReport(anOrder("t"), dag, { ports });
    expect(outcome).toMatchObject({ xcoms: [inline("return_value", "theirs")] });
  });
});
