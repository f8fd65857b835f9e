/**
 * @module Whole runs in process: what authors write does what Airflow would do.
 */
import { expect, test } from "vitest";
import {
  AirflowFailException,
  AirflowRescheduleException,
  AirflowSkipException,
  branch,
  chain,
  dag,
  done,
  empty,
  latestOnly,
  p,
  Sensor,
  sensor,
  shortCircuit,
  task,
  taskGroup,
} from "../../../src/index.ts";
import { testDag } from "../../../src/testing.ts";

const one = task("one", async () => 1);
const addOne = task("add_one", async ({ n }: { n: number }) => n + 1);
const square = task("square", async ({ n }: { n: number }) => ({ n, squared: n * n }));
const sum = task("sum", async ({ parts }: { parts: readonly number[] }) => parts.reduce((a, b) => a + b, 0));
const numbers = task("numbers", async () => [1, 2, 3]);
const noop = task("noop", async () => {});
const statesOf = (run: Awaited<ReturnType<typeof testDag>>) =>
  Object.fromEntries(
    run.taskInstances.map(({ taskId, mapIndex, state }) => [mapIndex < 0 ? taskId : `${taskId}[${mapIndex}]`, state]),
  );

test("results flow along the edges and come out as they went in", async () => {
  const rich = task("rich", async () => ({ at: new Date(5), big: 2n, map: new Map([[1, new Set(["a"])]]) }));
  const takesRich = task(
    "takes_rich",
    async ({ rich: value }: { rich: { at: Date; big: bigint } }) => value.at.getTime() + Number(value.big),
  );
  const run = await testDag(dag("flow", {}, () => [addOne({ n: one() }), takesRich({ rich: rich() })] as never));
  expect(run.state).toBe("success");
  expect(run.tasks["add_one"]).toMatchObject({ state: "success", result: 2, tryNumber: 1, error: null });
  expect(run.tasks["takes_rich"]?.result).toBe(7);
});

test("a mapped task has an entry per index and one with the list of results", async () => {
  const run = await testDag(
    dag("mapped", {}, () => void sum({ parts: square.expand({ n: numbers() }).pick("squared") })),
  );
  expect(run.tasks["square[2]"]?.result).toEqual({ n: 3, squared: 9 });
  expect(run.tasks["square"]?.result).toHaveLength(3);
  expect(run.tasks["sum"]?.result).toBe(14);
});

test("several lists give every combination, the first varying slowest; zip pairs, concat appends, map converts", async () => {
  const join = task("join", async ({ a, b }: { a: number; b: string }) => `${a}${b}`);
  const tuple = task("tuple", async ({ of }: { of: readonly [number, string] }) => of.join(""));
  const built = dag("lists", {}, () => {
    const list = numbers();
    join.expand({ a: [1, 2], b: ["x", "y"] });
    tuple.expand({ of: list.zip(["x", "y"]) as never });
    addOne.expand({ n: list.concat([10]).map((n) => n * 10) });
    square.partial({}).expandKwargs(list.map((n) => ({ n })));
  });
  const run = await testDag(built);
  expect(run.tasks["join"]?.result).toEqual(["1x", "1y", "2x", "2y"]);
  expect(run.tasks["tuple"]?.result).toEqual(["1x", "2y"]);
  expect(run.tasks["add_one"]?.result).toEqual([11, 21, 31, 101]);
  expect(run.tasks["square"]?.result).toMatchObject([{ squared: 1 }, { squared: 4 }, { squared: 9 }]);
});

test("a skip in a map function skips that instance, an empty list skips the task", async () => {
  const built = dag("skips", {}, () => {
    addOne.expand({
      n: numbers().map((n) => {
        if (n === 2) throw new AirflowSkipException("not two");
        return n;
      }),
    });
    square.expand({ n: [] });
  });
  const run = await testDag(built);
  expect(statesOf(run)).toMatchObject({
    "add_one[0]": "success",
    "add_one[1]": "skipped",
    "add_one[2]": "success",
    square: "skipped",
  });
});

test("inside a mapped group tasks see their own index, outside the list", async () => {
  const built = dag("groups", {}, () => {
    const each = taskGroup("each", { expand: { n: numbers() } }, ({ n }) => ({
      next: addOne({ n: square({ n }).pick("squared") }),
    }));
    sum({ parts: each.next });
  });
  const run = await testDag(built);
  expect(run.tasks["each.add_one"]?.result).toEqual([2, 5, 10]);
  expect(run.tasks["sum"]?.result).toBe(17);
});

test("positional and named values of the definition reach the function, inputs win over opKwargs", async () => {
  const positional = task(
    "positional",
    { opArgs: ["mysql", 2] },
    async (source: string, n: number, ctx) => `${source}${n}${ctx.ti.taskId}`,
  );
  const named = task(
    "named",
    { opKwargs: { source: "mysql", n: 1 } },
    async ({ source, n }, ctx) => `${source}${n}${ctx.ti.tryNumber}`,
  );
  const built = dag("args", {}, () => {
    positional();
    named({ n: 5 });
  });
  const run = await testDag(built);
  expect(run.tasks["positional"]?.result).toBe("mysql2positional");
  expect(run.tasks["named"]?.result).toBe("mysql51");
  expect(await positional.fn("x", 1, { ti: { taskId: "t" } } as never)).toBe("x1t");
});

test("retries wait in no time, with the exact number of tries; a fail exception ends them", async () => {
  const seen: number[] = [];
  const flaky = task("flaky", { retries: 2, retryDelay: "1d" }, async (_: {}, ctx) => {
    seen.push(ctx.ti.tryNumber);
    if (ctx.ti.tryNumber < 3) throw new Error("not yet");
    return ctx.ti.maxTries;
  });
  const final = task("final", { retries: 5 }, async () => {
    throw new AirflowFailException("never");
  });
  const run = await testDag(dag("retries", {}, () => [flaky(), final()] as never));
  expect(seen).toEqual([1, 2, 3]);
  expect(run.tasks["flaky"]).toMatchObject({ state: "success", tryNumber: 3, result: 3 });
  expect(run.tasks["final"]).toMatchObject({
    state: "failed",
    tryNumber: 1,
    error: { code: "AirflowFailException", message: "never" },
  });
  expect(run.state).toBe("failed");
});

test("sensors poke until they are done, and time out", async () => {
  let pokes = 0;
  const file = sensor("file", { pokeInterval: "10m", timeout: "1h" }, async () =>
    ++pokes < 3 ? false : done({ key: "k" }),
  );
  const late = sensor("late", { timeout: "1h", softFail: true }, () => false);
  class Ready extends Sensor<{ at: number }, number> {
    #asked = 0;
    poke() {
      this.log.info(`asked ${++this.#asked} times`);
      return this.#asked >= this.p.at ? done(this.#asked) : false;
    }
  }
  const built = dag("sensors", {}, () => {
    file();
    late();
    new Ready({ at: 2, pokeInterval: "1m" }).place("ready");
  });
  const run = await testDag(built);
  expect(run.tasks["file"]).toMatchObject({ state: "success", result: { key: "k" }, tryNumber: 1 });
  expect(run.tasks["late"]).toMatchObject({ state: "skipped" });
  expect(run.tasks["ready"]?.result).toBe(2);
  expect(run.log.filter(({ taskId }) => taskId === "ready").map(({ message }) => message)).toEqual([
    "asked 1 times",
    "asked 2 times",
  ]);
});

test("a rescheduled task runs again in the same try", async () => {
  let runs = 0;
  const again = task("again", async () => {
    if (++runs < 3) throw new AirflowRescheduleException(new Date(Date.now() + 3_600_000));
    return runs;
  });
  const run = await testDag(dag("again", {}, () => void again()));
  expect(run.tasks["again"]).toMatchObject({ state: "success", tryNumber: 1, result: 3 });
});

test.each<[string, () => unknown, string[]]>([
  ["a key", () => "left", ["left"]],
  ["a list of keys", async () => ["left", "group"], ["left", "group"]],
  ["null", () => null, []],
  ["a task id", (): string => "a", ["left"]],
])("a branch follows %s and skips the rest", async (_name, answer, followed) => {
  const built = dag("branching", {}, () => {
    const left = noop.with({ id: "a" })();
    const group = taskGroup("g", () => void noop.with({ id: "b" })());
    branch("choose", { to: { left, group } }, answer as () => string);
  });
  const states = statesOf(await testDag(built));
  expect(states["a"]).toBe(followed.includes("left") ? "success" : "skipped");
  expect(states["g.b"]).toBe(followed.includes("group") ? "success" : "skipped");
});

test("an unknown branch target or a wrong type fails the branch", async () => {
  const built = dag("branching", {}, () => {
    const a = empty("a");
    branch("unknown", { to: { a } }, (): string => "nowhere");
    branch("wrong", {}, (() => 5) as never);
  });
  const run = await testDag(built);
  expect(run.tasks["unknown"]).toMatchObject({
    state: "failed",
    error: { message: expect.stringContaining("nowhere") },
  });
  expect(run.tasks["wrong"]?.state).toBe("failed");
});

test("a short circuit skips everything below, or with the option only what is directly below", async () => {
  const built = (ignoreDownstreamTriggerRules: boolean) =>
    dag("short", {}, () => {
      const end = empty("end", { triggerRule: "all_done" });
      chain(
        shortCircuit("go", { in: { n: one() }, ignoreDownstreamTriggerRules }, ({ n }: { n: number }) => n > 1),
        empty("next"),
        end,
      );
    });
  expect(statesOf(await testDag(built(true)))).toMatchObject({ go: "success", next: "skipped", end: "skipped" });
  expect(statesOf(await testDag(built(false)))).toMatchObject({ next: "skipped", end: "success" });
});

test("latestOnly lets a manual run through", async () => {
  const run = await testDag(dag("latest", { schedule: "@daily" }, () => void latestOnly("latest").before(noop())));
  expect(statesOf(run)).toEqual({ latest: "success", noop: "success" });
});

test("a setup's teardown runs after failed work; its scope decides", async () => {
  const broken = task("broken", async () => {
    throw new Error("broken");
  });
  const built = dag("scoped", {}, () => {
    const setup = noop.with({ id: "setup" })().asSetup();
    const work = broken().after(setup);
    noop.with({ id: "teardown" })().asTeardown({ setups: setup }).after(work);
  });
  const run = await testDag(built);
  expect(statesOf(run)).toEqual({ setup: "success", broken: "failed", teardown: "success" });
  expect(run.state).toBe("failed");
});

test("params take defaults, conf may hold more, bad ones make no run", async () => {
  const shows = task("shows", async ({ limit }: { limit: number }, ctx) => ({
    limit,
    params: ctx.params,
    conf: ctx.dagRun.conf,
  }));
  const built = dag(
    "params",
    { params: { limit: p.int({ default: 5, max: 10 }) } },
    ({ params }) => void shows({ limit: params.limit }),
  );
  expect((await testDag(built)).tasks["shows"]?.result).toEqual({ limit: 5, params: { limit: 5 }, conf: {} });
  const run = await testDag(built, { params: { limit: 7 }, conf: { more: true } });
  expect(run.tasks["shows"]?.result).toEqual({
    limit: 7,
    params: { limit: 7, more: true },
    conf: { limit: 7, more: true },
  });
  await expect(testDag(built, { params: { limit: 11 } })).rejects.toMatchObject({ code: "invalid_params" });
});

test("mocks stand for tasks: a value, undefined, a function, a branch's key, a sensor's result", async () => {
  const built = dag("mocked", {}, () => {
    const n = one();
    addOne({ n }).after(sensor("wait", {}, () => false)());
    branch("choose", { to: { left: noop.with({ id: "left" })(), right: noop.with({ id: "right" })() } }, () => "left");
    square.expand({ n: numbers() });
  });
  const mock = { one: 41, wait: { key: "k" }, choose: "right", left: undefined, square: ({ n }: { n: number }) => -n };
  const run = await testDag(built, { mock });
  expect(run.tasks["add_one"]?.result).toBe(42);
  expect(run.tasks["wait"]?.result).toEqual({ key: "k" });
  expect(statesOf(run)).toMatchObject({ left: "skipped", right: "success" });
  expect(run.tasks["square"]?.result).toEqual([-1, -2, -3]);
  await expect(testDag(built, { mock: { nobody: 1 } })).rejects.toThrow(/mock names task "nobody".*it has one, /);
});

test("callbacks run in order, the run's last; variables, connections and bindings come from the test", async () => {
  const told: string[] = [];
  const looks = task(
    "looks",
    {
      onSuccessCallback: (c) => told.push(`ok ${c.ti.taskId}`),
      retries: 1,
      onRetryCallback: (c) => told.push(`retry ${c.exception?.message}`),
    },
    async (_: {}, ctx) => {
      if (ctx.ti.tryNumber === 1) throw new Error("first");
      const connection = await ctx.connections.get("slack");
      return [await ctx.variables.get("db_host"), connection.host, Reflect.get(ctx.env, "MARK")];
    },
  );
  const built = dag("told", { onSuccessCallback: [(c) => told.push(`run ${c.reason}`)] }, () => void looks());
  const run = await testDag(built, {
    variables: { db_host: "db" },
    connections: { slack: { host: "example.com" } },
    env: { MARK: 7 },
  });
  expect(run.tasks["looks"]?.result).toEqual(["db", "example.com", 7]);
  expect(told).toEqual(["retry first", "ok looks", "run success"]);
});

test("once runs its function once over all tries", async () => {
  let calls = 0;
  const pays = task("pays", { retries: 2 }, async (_: {}, ctx) => {
    const receipt = await ctx.once("pay", () => ++calls);
    if (ctx.ti.tryNumber < 3) throw new Error("after paying");
    return [receipt, ctx.ti.idempotencyKey.length > 0];
  });
  const run = await testDag(dag("once", {}, () => void pays()));
  expect(run.tasks["pays"]?.result).toEqual([1, true]);
  expect(calls).toBe(1);
});

test("xcomPush and xcomPull by id work beside the typed flow", async () => {
  const pushes = task("pushes", async (_: {}, ctx) => ctx.ti.xcomPush("count", 3));
  const pulls = task("pulls", async (_: {}, ctx) => [
    await ctx.ti.xcomPull("pushes", "count"),
    await ctx.ti.xcomPull({ taskIds: ["one", "absent"] }),
  ]);
  const run = await testDag(dag("xcoms", {}, () => chain([pushes(), one()] as const, pulls())));
  expect(run.tasks["pulls"]?.result).toEqual([3, [1, undefined]]);
});

test("a task that depends on the past passes: there is none here", async () => {
  const run = await testDag(dag("past", {}, () => void noop.with({ dependsOnPast: true })()));
  expect(run.state).toBe("success");
});

test("the logical date is the test's, the time-out of an attempt holds in real time", async () => {
  const dated = task("dated", async (_: {}, ctx) => ctx.ds);
  const slow = task(
    "slow",
    { executionTimeout: "20ms" },
    async (_: {}, ctx) => new Promise<void>((resolve) => ctx.signal.addEventListener("abort", () => resolve())),
  );
  const run = await testDag(
    dag("dated", {}, () => [dated(), slow()] as never),
    { logicalDate: new Date("2026-03-04T05:00:00Z") },
  );
  expect(run.tasks["dated"]?.result).toBe("2026-03-04");
  expect(run.tasks["slow"]).toMatchObject({ state: "failed", error: { code: "AirflowTaskTimeout" } });
});
