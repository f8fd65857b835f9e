/**
 * @module The context of an attempt: Airflow's names, the run's dates, look-ups, metrics.
 */
import { describe, expect, test } from "vitest";
import type { Context } from "../../../src/dag/context.ts";
import type { AttemptBatch, AttemptOrder } from "../../../src/model/protocol.ts";
import { dateTexts } from "../../../src/runtime/context.ts";
import { connectionGetter, hookMaker, variablesOf } from "../../../src/runtime/lookups.ts";
import type { Connection, Metric } from "../../../src/runtime/ports.ts";
import { OpenHooks } from "../../../src/runtime/open-hooks.ts";
import { SecretMasker } from "../../../src/runtime/secret-masker.ts";
import { StatsCollector } from "../../../src/runtime/stats.ts";
import { attemptReport, linesOf } from "../../support/attempt-runner.ts";
import { aDag, aHead, anOrder, FakeClock, fakePorts, START } from "../../support/runtime-fakes.ts";

async function contextOf(order: Partial<AttemptOrder> = {}, batch: Partial<AttemptBatch> = {}): Promise<Context> {
  const seen: Context[] = [];
  const dag = aDag({ t: (_input, ctx) => void seen.push(ctx) });
  const { outcome } = await attemptReport(anOrder("t", order), dag, {
    batch,
    ports: fakePorts({ env: { LAKE: "bucket" } }),
  });
  const [context] = seen;
  if (context === undefined) throw new Error(JSON.stringify(outcome));
  return context;
}

describe("dates", () => {
  test("are the run's", async () => {
    const at = Date.UTC(2024, 1, 29, 12, 30);
    const head = aHead({ logicalDate: at, dataIntervalStart: at - 1000, dataIntervalEnd: at });
    const context = await contextOf({}, { head });
    expect(context).toMatchObject({
      logicalDate: new Date(at),
      executionDate: new Date(at),
      dataInterval: { start: new Date(at - 1000), end: new Date(at) },
      ds: "2024-02-29",
      dsNodash: "20240229",
      ts: "2024-02-29T12:30:00+00:00",
      tsNodash: "20240229T123000",
      dagRun: { logicalDate: new Date(at), dataInterval: { start: new Date(at - 1000), end: new Date(at) } },
    });
  });

  test("of a run without a logical date fall back to its runAfter; the run itself says null", async () => {
    const context = await contextOf({}, { head: aHead({ logicalDate: null, runAfter: START }) });
    expect(context).toMatchObject({
      logicalDate: new Date(START),
      dataInterval: { start: new Date(START), end: new Date(START) },
      dagRun: { logicalDate: null, dataInterval: { start: null, end: null }, runAfter: new Date(START) },
    });
  });

  test("show milliseconds as Python does", () => {
    expect(dateTexts(new Date("2026-01-02T03:04:05.060Z"))).toMatchObject({
      ts: "2026-01-02T03:04:05.060000+00:00",
      tsNodash: "20260102T030405",
    });
  });
});

test("names the task instance, the run and the DAG", async () => {
  const context = await contextOf(
    { mapIndex: 2, tryNumber: 3, maxTries: 4 },
    { head: aHead({ conf: { a: 1 }, params: { a: 1, b: 2 } }) },
  );
  expect(context).toMatchObject({
    env: { LAKE: "bucket" },
    runId: "manual__1",
    params: { a: 1, b: 2 },
    dag: { dagId: "etl", id: "etl", description: "Customers", tags: ["daily"] },
    dagRun: { dagId: "etl", runId: "manual__1", runType: "manual", triggeredBy: "test", conf: { a: 1 } },
    task: { taskId: "t" },
    ti: {
      taskId: "t",
      id: "t",
      dagId: "etl",
      runId: "manual__1",
      mapIndex: 2,
      tryNumber: 3,
      maxTries: 4,
      idempotencyKey: "manual__1/t/2",
      startDate: new Date(START),
    },
  });
  expect(context.taskInstance).toBe(context.ti);
  expect(context.signal.aborted).toBe(false);
});

test("params belong to one attempt", async () => {
  const head = aHead({ params: { list: [1] } });
  const [a, b] = [await contextOf({}, { head }), await contextOf({}, { head })];
  expect(a.params["list"]).not.toBe(b.params["list"]);
});

test("log lines carry level, fields and logger", async () => {
  const dag = aDag({
    t: (_input, { log }) => {
      log.debug("d");
      log.info("i", { rows: 3 });
      log.warn("w");
      log.error("e");
    },
  });
  const { log } = await attemptReport(anOrder("t"), dag);
  expect(linesOf(log)).toMatchObject([
    { level: "debug", event: "d", logger: "task" },
    { level: "info", event: "i", rows: 3 },
    { level: "warning", event: "w" },
    { level: "error", event: "e" },
  ]);
});

describe("variables", () => {
  const stored: Readonly<Record<string, string>> = { host: "db1", batch: "500", broken: "{", api_token: "t0ken-value" };
  const masker = new SecretMasker();
  const ports = fakePorts({
    variables: { get: async (name) => stored[name], names: async () => Object.keys(stored) },
    variableDefaults: { batch: 1, region: "eu" },
  });
  // The project's own names are typed; here any name is asked for.
  const get = (name: string, options?: object): Promise<unknown> =>
    Promise.resolve(Reflect.apply(Reflect.get(variablesOf(ports, masker), "get"), undefined, [name, options]));

  test("are texts, and JSON when asked for or declared as such", async () => {
    expect(await get("host")).toBe("db1");
    expect(await get("batch")).toBe(500);
    expect(await get("batch", { json: false })).toBe("500");
  });

  test("a missing one gives the default, then the declared value", async () => {
    expect(await get("absent", { default: undefined })).toBeUndefined();
    expect(await get("absent", { default: 5 })).toBe(5);
    expect(await get("region")).toBe("eu");
    expect(await get("region", { default: "us" })).toBe("us");
  });

  test("a missing one without default names those that exist", async () => {
    await expect(get("absent")).rejects.toMatchObject({
      code: "variable_not_found",
      message: expect.stringContaining("there are: api_token, batch, broken, host, region"),
    });
  });

  test("text that is no JSON is an error that names the variable", async () => {
    await expect(get("broken", { json: true })).rejects.toMatchObject({
      code: "invalid_request",
      message: expect.stringContaining("broken"),
    });
  });

  test("with a sensitive name are masked from then on", async () => {
    await get("api_token");
    expect(masker.mask("x t0ken-value y")).toBe("x *** y");
  });
});

describe("connections", () => {
  const slack: Connection = {
    id: "slack",
    connType: "http",
    host: "h",
    port: 443,
    login: "u",
    password: "pass-word",
    schema: null,
    extra: {},
    uri: "https://h",
  };
  const ports = fakePorts({
    connections: { get: async (id) => (id === "slack" ? slack : undefined), ids: async () => ["slack"] },
  });

  test("a hook gets the whole connection and the bindings", async () => {
    class Hook {
      readonly got: readonly unknown[];
      constructor(connection: Connection, env: unknown) {
        this.got = [connection, env];
      }
    }
    const masker = new SecretMasker();
    const hook = hookMaker(connectionGetter(ports, masker), { LAKE: "lake" } as never, new OpenHooks());
    expect((await hook(Hook, "slack")).got).toEqual([slack, { LAKE: "lake" }]);
    expect(masker.mask("pass-word")).toBe("***");
  });

  test("hooks that hold something are closed at the end, whatever one of them does, and those that hold nothing are left alone", async () => {
    const closed: string[] = [];
    class Plain {
      readonly holds = null;
    }
    class Held {
      async [Symbol.asyncDispose](): Promise<void> {
        closed.push("held");
      }
    }
    class Broken {
      async [Symbol.asyncDispose](): Promise<void> {
        throw new Error("no leave taken");
      }
    }
    const hooks = new OpenHooks();
    const make = hookMaker(connectionGetter(ports, new SecretMasker()), {} as never, hooks);
    for (const hookClass of [Plain, Broken, Held]) await make<object>(hookClass, "slack");
    const warnings: string[] = [];
    await hooks.close(ports.sleep, (message) => warnings.push(message));
    await hooks.close(ports.sleep, (message) => warnings.push(message));
    expect([closed, warnings]).toEqual([["held"], ["A hook's connection could not be closed: no leave taken"]]);
  });

  test("a missing one is an error that names those that exist", async () => {
    await expect(connectionGetter(ports, new SecretMasker())("nope")).rejects.toMatchObject({
      code: "connection_not_found",
      message: expect.stringContaining("there are: slack"),
    });
  });
});

describe("stats", () => {
  function collected(use: (stats: StatsCollector, clock: FakeClock) => unknown): {
    metrics: readonly Metric[];
    warnings: string[];
  } {
    const clock = new FakeClock();
    const warnings: string[] = [];
    const stats = new StatsCollector(clock.now, (message) => warnings.push(message));
    use(stats, clock);
    return { metrics: stats.metrics, warnings };
  }

  test("counters, gauges and timings, methods taken apart", () => {
    const { metrics } = collected(({ incr, decr, gauge, timing }) => {
      incr("a.b");
      incr("a.b", 5, { tags: { t: "1" } });
      decr("a.b", 2);
      gauge("g", 7);
      gauge("g", -1, { delta: true });
      timing("t", 1.5);
    });
    expect(metrics).toEqual([
      { kind: "counter", name: "a.b", value: 1, tags: {} },
      { kind: "counter", name: "a.b", value: 5, tags: { t: "1" } },
      { kind: "counter", name: "a.b", value: -2, tags: {} },
      { kind: "gauge", name: "g", value: 7, tags: {} },
      { kind: "gauge", name: "g", value: -1, delta: true, tags: {} },
      { kind: "timing", name: "t", value: 1.5, tags: {} },
    ]);
  });

  test("a rate counts that share of the calls", () => {
    const { metrics } = collected((stats) => {
      for (let i = 0; i < 1000; i++) stats.incr("some", 1, { rate: 0.5 });
      for (let i = 0; i < 100; i++) stats.incr("none", 1, { rate: 0 });
    });
    expect(metrics.length).toBeGreaterThan(350);
    expect(metrics.length).toBeLessThan(650);
    expect(metrics.some(({ name }) => name === "none")).toBe(false);
  });

  test("timers measure plain, async and throwing functions in seconds", async () => {
    const clock = new FakeClock();
    const stats = new StatsCollector(clock.now, () => undefined);
    expect(stats.timer("plain", () => ((clock.time += 250), "answer"))).toBe("answer");
    const slow = stats.timer("async", () => clock.sleep(500));
    const failing = (): never => {
      clock.time += 100;
      throw new Error("no");
    };
    expect(() => stats.timer("throwing", failing)).toThrow("no");
    await clock.advance(500);
    await slow;
    expect(stats.metrics.map(({ name, value }) => [name, value])).toEqual([
      ["plain", 0.25],
      ["throwing", 0.1],
      ["async", 0.5],
    ]);
  });

  test("names and values that cannot be exported are dropped with a warning", () => {
    const { metrics, warnings } = collected((stats) => {
      stats.incr("bad name");
      stats.gauge("g", Number.NaN);
      stats.incr("ok/n-1_x.y");
    });
    expect(metrics.map(({ name }) => name)).toEqual(["ok/n-1_x.y"]);
    expect(warnings).toHaveLength(2);
  });
});
