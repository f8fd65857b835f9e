/**
 * @module From definitions to the DagSpec: defaults, precedence, arguments, mapping, callbacks, the hash.
 */
import { expect, test } from "vitest";
import { asset, dag, daysAgo, empty, p, sensor, Sensor, task, taskGroup } from "../../../src/index.ts";
import { specHash } from "../../../src/dag/serialize.ts";
import { decode } from "../../../src/lib/codec.ts";

const noop = task("noop", async () => {});
const takes = task("takes", async ({ n }: { n: unknown }) => n);
const list = task("list", async () => [1, 2]);
const only = (build: Parameters<typeof dag>[2], options: Parameters<typeof dag>[1] = {}) => {
  const [first] = dag("one", options, build).spec.tasks.toReversed();
  if (first === undefined) throw new Error("the DAG has no task");
  return first;
};

test("a task's defaults are Airflow's", () => {
  expect(only(() => void noop())).toMatchObject({
    taskId: "noop",
    kind: "task",
    operatorName: "PythonOperator",
    triggerRule: "all_success",
    owner: "airflow",
    retries: 0,
    retryDelayMs: 300_000,
    retryExponentialBackoff: 0,
    maxRetryDelayMs: null,
    executionTimeoutMs: 600_000,
    pool: "default_pool",
    poolSlots: 1,
    priorityWeight: 1,
    weightRule: "downstream",
    emailOnFailure: true,
    emailOnRetry: true,
    doXcomPush: true,
    queue: "default",
    executor: "queue",
  });
});

test("a task's option beats its inner group's default, that the outer group's, that the DAG's", () => {
  const { spec } = dag(
    "layers",
    { defaultArgs: { owner: "dag", retries: 1, retryDelay: "1m", priorityWeight: 5 } },
    () => {
      taskGroup("outer", { defaultArgs: { owner: "outer", retries: 2, retryDelay: "2m" } }, () => {
        taskGroup("inner", { defaultArgs: { owner: "inner", retries: 3 } }, () => void noop.with({ owner: "task" })());
      });
    },
  );
  expect(spec.tasks[0]).toMatchObject({ owner: "task", retries: 3, retryDelayMs: 120_000, priorityWeight: 5 });
});

test("the pattern document's default arguments are read one for one", () => {
  const defaultArgs = {
    owner: "data-engineering",
    dependsOnPast: false,
    email: ["alerts@example.com"],
    emailOnFailure: true,
    emailOnRetry: false,
    retries: 3,
    retryDelay: "5m",
    retryExponentialBackoff: true,
    maxRetryDelay: "30m",
  } as const;
  const { spec } = dag(
    "customer_etl",
    { defaultArgs, tags: ["etl", "customer", "daily", "etl"], maxActiveRuns: 1 },
    () => void noop(),
  );
  expect(spec.tasks[0]).toMatchObject({
    retries: 3,
    retryExponentialBackoff: 2,
    maxRetryDelayMs: 1_800_000,
    emailOnRetry: false,
  });
  expect(spec.tags).toEqual(["customer", "daily", "etl"]);
  expect(spec.defaultArgs).toEqual(defaultArgs);
  expect(spec).toMatchObject({ maxActiveRuns: 1, maxActiveTasks: 16, catchup: false });
});

test("retries may be text, e-mail addresses may be one text, wait for downstream means depends on past", () => {
  expect(
    only(() => void noop.with({ retries: "2", email: "a@example.com; b@example.com", waitForDownstream: true })()),
  ).toMatchObject({
    retries: 2,
    email: ["a@example.com", "b@example.com"],
    dependsOnPast: true,
  });
});

test("start and end date in defaultArgs are the DAG's, its own win", () => {
  const defaults = { startDate: "2026-01-01", endDate: "2026-02-01" };
  const { spec } = dag("dates", { startDate: "2025-01-01", defaultArgs: defaults }, () => void noop());
  expect([spec.startDate, spec.endDate]).toEqual([Date.UTC(2025, 0, 1), Date.UTC(2026, 1, 1)]);
});

test("a naive date is a time of the DAG's zone, one with offset is not, daysAgo stays a rule", () => {
  const startOf = (startDate: string | Date | ReturnType<typeof daysAgo>) =>
    dag("dates", { startDate, timezone: "America/New_York" }, () => void noop()).spec.startDate;
  expect(startOf("2026-01-01")).toBe(Date.UTC(2026, 0, 1, 5));
  expect(startOf("2026-07-01T02:30")).toBe(Date.UTC(2026, 6, 1, 6, 30));
  expect(startOf("2026-01-01T00:00:00Z")).toBe(Date.UTC(2026, 0, 1));
  expect(startOf("2026-01-01T00:00:00+02:00")).toBe(Date.UTC(2025, 11, 31, 22));
  expect(startOf(new Date(5))).toBe(5);
  expect(startOf(daysAgo(1))).toEqual({ daysAgo: 1 });
});

test("literals survive, references name task, key and path, params their name", () => {
  const value = { at: new Date(7), big: 1n, ids: new Set([1]), nothing: undefined };
  const spec = dag(
    "args",
    { params: { region: "eu", nested: p.schema<{ a: { b: number } }>({ type: "object" }) } },
    ({ params }) => {
      takes({ n: value });
      const source = list();
      takes.with({ id: "lists" })({ n: [source, 2, { deep: source }] });
      takes.with({ id: "param" })({ n: params.nested.pick("a").pick("b") });
      takes.with({ id: "pushed" })({ n: source.xcom("rows") });
    },
  ).spec;
  const args = Object.fromEntries(spec.tasks.map((task_) => [task_.taskId, task_.args["n"]]));
  const literal = args["takes"];
  expect(literal?.kind === "literal" && decode(literal.text)).toEqual(value);
  const source = { kind: "xcom", taskId: "list", key: "return_value", path: [] };
  expect(args["lists"]).toMatchObject({
    kind: "list",
    items: [source, { kind: "literal" }, { kind: "object", entries: { deep: source } }],
  });
  expect(args["param"]).toEqual({ kind: "param", name: "nested", path: ["a", "b"] });
  expect(args["pushed"]).toEqual({ ...source, key: "rows" });
});

test("an input given as undefined is left out", () => {
  expect(only(() => void takes({ n: undefined })).args).toEqual({});
});

test("mapping tells producers which lengths to report, through map, zip and concat", () => {
  const { spec } = dag("mapped", {}, () => {
    const a = list();
    const b = list.with({ id: "b" })();
    takes.expand({ n: a.map((n) => n + 1).zip(b.concat([3]), { fill: 0 }) });
    takes.with({ id: "kwargs" }).expandKwargs(a.map((n) => ({ n })));
  });
  expect(Object.fromEntries(spec.tasks.map(({ taskId, reportLengths }) => [taskId, reportLengths]))).toEqual({
    list: ["return_value"],
    b: ["return_value"],
    takes: [],
    kwargs: [],
  });
  expect(spec.tasks[2]?.expand).toMatchObject({
    kind: "product",
    over: { n: { kind: "zip", of: [{ kind: "map", fn: 0 }, { kind: "concat" }], fill: { kind: "literal" } } },
  });
  expect(spec.tasks[3]?.expand).toMatchObject({ kind: "kwargs", of: { kind: "map", fn: 1 } });
});

test("fixed inputs of partial and expand stay arguments; a literal list knows its length", () => {
  const both = task("both", async ({ a, b }: { a: number; b: string }) => `${a}${b}`);
  const spec = only(() => void both.partial({ b: "x" }).expand({ a: [1, 2, 3] }));
  expect(Object.keys(spec.args)).toEqual(["b"]);
  expect(spec.expand).toMatchObject({ kind: "product", over: { a: { kind: "literal", length: 3 } } });
});

test("a mapped group hands its tasks the element and draws the edge to its roots", () => {
  const { spec } = dag("groups", {}, () => {
    const each = taskGroup("each", { expand: { item: list() } }, ({ item }) => ({ out: takes({ n: item }) }));
    takes.with({ id: "all" })({ n: each.out });
  });
  const byId = Object.fromEntries(spec.tasks.map((one) => [one.taskId, one]));
  expect(byId["each.takes"]?.args["n"]).toEqual({ kind: "group-element", groupId: "each", name: "item" });
  expect(byId["each.takes"]?.upstream).toEqual(["list"]);
  expect(byId["all"]?.upstream).toEqual(["each.takes"]);
  expect(spec.groups[0]?.expand).toMatchObject({ kind: "product", over: { item: { kind: "xcom", taskId: "list" } } });
});

test("setup and teardown are marked, with the teardown's rule and edges", () => {
  const { spec } = dag("scoped", {}, () => {
    const setup = noop.with({ id: "setup" })();
    noop
      .with({ id: "teardown" })()
      .asTeardown({ setups: [setup], onFailureFailDagrun: true });
  });
  expect(spec.tasks).toMatchObject([
    { taskId: "setup", isSetup: true, isTeardown: false },
    {
      taskId: "teardown",
      isTeardown: true,
      onFailureFailDagrun: true,
      triggerRule: "all_done_setup_success",
      upstream: ["setup"],
    },
  ]);
});

test("sensors have Airflow's defaults and their own operator name when they are classes", () => {
  class TableSensor extends Sensor<{ table: string }> {
    poke(): boolean {
      return this.p.table !== "";
    }
  }
  expect(only(() => void new TableSensor({ table: "x", softFail: true, retries: 1 }).place("wait"))).toMatchObject({
    taskId: "wait",
    kind: "sensor",
    operatorName: "TableSensor",
    retries: 1,
    sensor: { pokeIntervalMs: 60_000, timeoutMs: 604_800_000, mode: "poke", softFail: true, maxWaitMs: null },
  });
  expect(() => sensor("s", { softFail: true, neverFail: true }, () => true)).toThrow(/softFail and neverFail/);
});

test("callbacks are listed by kind, an SLA callback is the DAG's wherever it stands", () => {
  const log = () => undefined;
  const { spec, executable } = dag(
    "calls",
    { onFailureCallback: [log, log], defaultArgs: { slaMissCallback: log, onRetryCallback: log } },
    () => {
      noop.with({ onSuccessCallback: [log], onSkippedCallback: log })();
    },
  );
  expect(spec.callbacks).toEqual(["failure", "sla_miss"]);
  expect(spec.tasks[0]?.callbacks.toSorted()).toEqual(["retry", "skipped", "success"]);
  expect(executable.callbacks.failure).toHaveLength(2);
  expect(executable.handlers.get("noop")?.callbacks.success).toEqual([log]);
});

test("documentation loses the indentation of the code around it", () => {
  const docMd = `
    # Title

    Text
      - item
  `;
  expect(dag("doc", { docMd }, () => void noop.with({ docMd: "One line" })()).spec).toMatchObject({
    docMd: "# Title\n\nText\n  - item",
    tasks: [{ docMd: "One line" }],
  });
});

test("the hash names the content: same definition, same hash; any change, another one", () => {
  const make = (retries: number) =>
    dag("hash", { startDate: daysAgo(1), tags: ["b", "a"] }, () => void noop.with({ retries })());
  expect(make(1).specHash).toBe(make(1).specHash);
  expect(make(1).specHash).not.toBe(make(2).specHash);
  const { spec } = make(1);
  expect(specHash(JSON.parse(JSON.stringify(spec)) as typeof spec)).toBe(make(1).specHash);
  expect(make(1).inFile("a.ts").specHash).not.toBe(make(1).specHash);
});

test("the spec is plain JSON", () => {
  const { spec } = dag(
    "json",
    { defaultArgs: { outlets: [asset("r2://x")], onFailureCallback: () => undefined } },
    () => {
      empty("a").before(noop());
    },
  );
  expect(JSON.parse(JSON.stringify(spec))).toEqual(spec);
  expect(spec.defaultArgs["outlets"]).toEqual(["r2://x"]);
});

test("overlap and retention stand in the spec only when they differ from the default", () => {
  const specOf = (options: object) => dag("options", { schedule: "@daily", ...options }, () => void noop()).spec;
  expect(specOf({ overlap: "skip", retention: "30d" })).toMatchObject({
    overlap: "skip",
    retentionMs: 30 * 86_400_000,
  });
  expect(specOf({ retention: null }).retentionMs).toBeNull();
  expect(Object.keys(specOf({ overlap: "queue" }))).not.toContain("overlap");
  expect(Object.keys(specOf({}))).not.toContain("retentionMs");
  expect(() => specOf({ retention: "a month" })).toThrow(/retention "a month" is no duration/);
  expect(() => specOf({ overlap: "drop" })).toThrow(
    /overlap "drop" is unknown; use one of queue, skip, cancel_running/,
  );
});
