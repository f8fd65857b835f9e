/**
 * @module Wrong definitions: each is a load error that names place and remedy.
 */
import { expect, test } from "vitest";
import { branch, chain, dag, daysAgo, empty, p, sensor, task, taskGroup } from "../../../src/index.ts";
import type { DagOptions, Edgeable, TaskOptions } from "../../../src/index.ts";

const noop = task("noop", async () => {});
const one = task("one", async () => 1);
const takes = task("takes", async ({ n }: { n: unknown }) => n);
/** What an author without types may write. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters
const untyped = <T>(value: unknown): T => value as T;
const withTask = (options: unknown) => () => dag("bad", {}, () => void noop.with(untyped<TaskOptions>(options))());
const withDag = (options: unknown) => () => dag("bad", untyped<DagOptions>(options), () => void noop());

test.each<[string, () => unknown, RegExp]>([
  ["a task outside of a DAG", () => noop(), /task "noop" is placed outside of a DAG; call it inside/],
  ["the same id twice", () => dag("bad", {}, () => [noop(), noop()]), /DAG "bad", task "noop".*twice.*\.with\(\{ id/],
  [
    "a task with a group's id",
    () => dag("bad", {}, () => [taskGroup("noop", () => void one()), noop()]),
    /group has this id/,
  ],
  ["no DAG id", () => dag("", {}, () => {}), /is no DAG id/],
  ["a DAG id with a slash", () => dag("a/b", {}, () => {}), /"a\/b" is no DAG id; use 1 to 250/],
  ["a task id that is too long", () => dag("bad", {}, () => void noop.with({ id: "x".repeat(251) })()), /no task id/],
  [
    "a DAG inside a DAG",
    () => dag("bad", {}, () => void dag("inner", {}, () => {})),
    /DAG "inner".*inside the body of DAG "bad"/,
  ],
  [
    "an async body",
    () =>
      dag(
        "bad",
        {},
        untyped<() => void>(async () => {}),
      ),
    /DAG "bad": its body is async/,
  ],
  ["no body", () => dag("bad", {}, untyped<() => void>(undefined)), /DAG "bad": it has no body/],
  ["a task without function", () => task("t", {}, untyped<() => void>(undefined)), /task "t": it has no function/],
  ["a sensor without poke", () => sensor("s", {}, untyped<() => boolean>(undefined)), /task "s": it has no poke/],
  [
    "a group without body",
    () => dag("bad", {}, () => taskGroup("g", untyped<() => void>(undefined))),
    /task group "g": it has no body/,
  ],
  [
    "edges of an empty group",
    () =>
      dag("bad", {}, () =>
        chain(
          taskGroup("g", () => {}),
          noop(),
        ),
      ),
    /"g".*has edges but no task/,
  ],
  [
    "a group edge into itself",
    () =>
      dag("bad", {}, () => {
        const g = taskGroup("g", () => ({ a: noop() }));
        g.before(g.a);
      }),
    /is a cycle/,
  ],
  [
    "uneven lists in chain",
    () => dag("bad", {}, () => chain([empty("a"), empty("b")], [empty("c")])),
    /2 and 1 members; use crossDownstream/,
  ],
  [
    "a definition in chain",
    () => dag("bad", {}, () => chain(empty("a"), untyped(noop))),
    /the definition of task "noop".*call it to place it/,
  ],
  ["an id in chain", () => dag("bad", {}, () => chain(empty("a"), untyped("noop"))), /the text "noop".*no placed task/],
  [
    "a definition as input",
    () => dag("bad", {}, () => void takes({ n: one })),
    /task "takes": input "n" is the definition of task "one"/,
  ],
  [
    "a function as input",
    () => dag("bad", {}, () => void takes({ n: { deep: () => 1 } })),
    /input "n" cannot be stored: value\.deep is a function/,
  ],
  [
    "inputs that are no object",
    () => dag("bad", {}, () => void takes(untyped("x"))),
    /is called with "x".*named inputs/,
  ],
  [
    "expand over a scalar",
    () => dag("bad", {}, () => void takes.expand({ n: untyped(5) })),
    /expand over "n" got 5; give a list/,
  ],
  ["expand over nothing", () => dag("bad", {}, () => void takes.expand({}, { n: 1 })), /names no input/],
  [
    "a mapped task in a mapped group",
    () => dag("bad", {}, () => void taskGroup("g", { expand: { a: [1] } }, () => void takes.expand({ n: [1] }))),
    /mapping does not nest/,
  ],
  [
    "an unknown branch end",
    () =>
      dag(
        "bad",
        {},
        () => void branch("b", { to: untyped<Readonly<Record<string, Edgeable>>>({ x: "noop" }) }, () => "x"),
      ),
    /branch "b" got the text "noop"/,
  ],
  [
    "a setup followed by all_done",
    () =>
      dag(
        "bad",
        {},
        () =>
          void noop()
            .asSetup()
            .before(one.with({ triggerRule: "all_done" })()),
      ),
    /directly behind setup noop/,
  ],
  [
    "a teardown with a rule",
    () => dag("bad", {}, () => void noop.with({ triggerRule: "one_done" })().asTeardown()),
    /all_done_setup_success/,
  ],
  [
    "an unknown trigger rule",
    withTask({ triggerRule: "all_good" }),
    /triggerRule "all_good" is unknown; use one of all_success/,
  ],
  ["a duration without unit", withTask({ retryDelay: "5" }), /task "noop": retryDelay "5" is no duration.*"5m"/],
  ["a duration in words", withTask({ retryDelay: "5 minutes" }), /retryDelay "5 minutes"/],
  ["a negative duration", withTask({ maxRetryDelay: "-5m" }), /maxRetryDelay "-5m"/],
  [
    "an execution time-out over the limit",
    withTask({ executionTimeout: "15m" }),
    /noop.*executionTimeout of 15 min.*at most 14 min/,
  ],
  ["a direct task without short limit", withTask({ executor: "direct" }), /executor "direct".*at most 20s/],
  ["negative retries", withTask({ retries: -1 }), /retries -1 is no whole number of at least 0/],
  ["retries in words", withTask({ retries: "three" }), /retries "three"/],
  ["a factor below one", withTask({ retryExponentialBackoff: 0.5 }), /neither a boolean nor a factor/],
  ["a callback that is no function", withTask({ onFailureCallback: "mail" }), /onFailureCallback is no function/],
  [
    "an option that does not exist",
    withTask({ retry: 3 }),
    /task "noop": there is no option "retry"; options are .*retries/,
  ],
  [
    "a DAG option that does not exist",
    withDag({ maxActiveRun: 1 }),
    /DAG "bad": there is no option "maxActiveRun"; options are .*maxActiveRuns/,
  ],
  [
    "both schedules",
    withDag({ schedule: "@daily", scheduleInterval: "@daily" }),
    /both schedule and scheduleInterval are given/,
  ],
  ["a bad cron", withDag({ schedule: "61 * * * *" }), /DAG "bad": schedule "61 \* \* \* \*" is refused/],
  ["a cron with too few fields", withDag({ schedule: "* * *" }), /schedule "\* \* \*" is refused/],
  ["an unknown preset", withDag({ schedule: "@fortnightly" }), /schedule "@fortnightly" is refused/],
  [
    "an unknown zone",
    withDag({ schedule: { cron: "0 0 * * *", timezone: "Mars/Base" } }),
    /"Mars\/Base" is no time zone/,
  ],
  ["a period without unit", withDag({ schedule: { every: "6" } }), /schedule\.every "6"/],
  ["assets that are none", withDag({ schedule: ["r2://x"] }), /holds assets only/],
  ["a schedule of another kind", withDag({ schedule: { hourly: true } }), /is not understood/],
  ["continuous with many runs", withDag({ schedule: "@continuous" }), /maxActiveRuns/],
  ["catchup without start", withDag({ schedule: "@daily", catchup: true }), /startDate/],
  ["a day that does not exist", withDag({ startDate: "2026-02-31" }), /startDate "2026-02-31" is no date/],
  ["half a day ago", () => daysAgo(0.5), /daysAgo\(0\.5\)/],
  ["a tag that is too long", withDag({ tags: ["x".repeat(101)] }), /is no text of 1 to 100/],
  ["no active runs", withDag({ maxActiveRuns: 0 }), /maxActiveRuns 0/],
  [
    "a default outside of the schema",
    withDag({ params: { n: p.int({ default: 1.5 }) } }),
    /default of param "n" breaks its own schema: n must be of type integer/,
  ],
  [
    "fail fast with other rules",
    () => dag("bad", { failFast: true }, () => void noop.with({ triggerRule: "all_done" })()),
    /failFast allows only/,
  ],
])("%s is a load error that says where and what to do", (_name, define, message) => {
  expect(define).toThrow(expect.objectContaining({ code: "invalid_dag", message: expect.stringMatching(message) }));
});

test("a cycle names its tasks", () => {
  const cyclic = () =>
    dag("bad", {}, () => {
      const a = empty("a");
      const b = empty("b").after(a);
      empty("c").after(b).before(a);
    });
  expect(cyclic).toThrow(/DAG bad.*cycle: .*a.*b.*c/);
});

test("a task of another DAG is no input and no end of an edge", () => {
  let foreign = untyped<ReturnType<typeof one>>(undefined);
  dag("first", {}, () => {
    foreign = one();
  });
  expect(() => dag("second", {}, () => void takes({ n: foreign }))).toThrow(/task "one" of DAG "first"/);
  expect(() => dag("second", {}, () => void noop().after(foreign))).toThrow(/belongs to DAG "first"/);
  expect(() => foreign.before(foreign)).toThrow(/after the DAG was built/);
});

test("an element of a mapped group is refused outside of it", () => {
  const leak = () =>
    dag("bad", {}, () => {
      let element: unknown;
      taskGroup("g", { expand: { a: [1] } }, ({ a }) => {
        element = a;
        takes({ n: a });
      });
      takes.with({ id: "outside" })({ n: element });
    });
  expect(leak).toThrow(/element of mapped task group "g" and exists only inside it/);
});

test("a failed definition leaves no DAG under construction behind", () => {
  expect(() => dag("bad", {}, () => void noop.with({ id: "" })())).toThrow();
  expect(dag("good", {}, () => void noop()).taskIds).toEqual(["noop"]);
});
