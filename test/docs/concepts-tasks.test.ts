/**
 * @module What the pages on DAGs, tasks, groups, mapping and branching claim, beyond what the examples show.
 */
import {
  AirflowFailException,
  AirflowSkipException,
  branch,
  chain,
  crossDownstream,
  dag,
  empty,
  shortCircuit,
  task,
  taskGroup,
} from "airflare";
import { expect, test } from "vitest";
import { testDag } from "airflare/testing";

const noop = task("noop", async () => {});
const one = task("one", async () => 1);

test("a task says how its attempt ends by what it throws", async () => {
  const run = await testDag(
    dag("signals", { schedule: null, defaultArgs: { retries: 2, retryDelay: "1h" } }, () => {
      task("skips", async () => {
        throw new AirflowSkipException("nothing to load");
      })();
      task("fails", async () => {
        throw new AirflowFailException("negative row count");
      })();
      task("retries", async () => {
        throw new Error("the warehouse is busy");
      })();
    }),
  );
  expect(run.tasks["skips"]).toMatchObject({ state: "skipped", tryNumber: 1 });
  expect(run.tasks["fails"]).toMatchObject({ state: "failed", tryNumber: 1 });
  expect(run.tasks["retries"]).toMatchObject({ state: "failed", tryNumber: 3 });
});

test("a task's own options win over its group's, they over the DAG's", () => {
  const owned = dag("owned", { schedule: null, defaultArgs: { owner: "dag", retries: 1 } }, () => {
    taskGroup("group", { defaultArgs: { owner: "group" } }, () => {
      noop();
      noop.with({ id: "own", owner: "task" })();
    });
    noop();
  });
  expect(owned.tasks.map(({ id, owner, retries }) => [id, owner, retries])).toEqual([
    ["group.noop", "group", 1],
    ["group.own", "task", 1],
    ["noop", "dag", 1],
  ]);
});

test.each([
  [
    "an id placed twice",
    () => dag("twice", { schedule: null }, () => [noop(), noop()]),
    /DAG "twice", task "noop".*placed twice/,
  ],
  ["a cycle", () => dag("cycle", { schedule: null }, () => cycle()), /cycle/],
  ["a bad cron", () => dag("cron", { schedule: "61 * * * *" }, () => void noop()), /DAG "cron".*61/],
  ["a task outside of a DAG", () => noop(), /outside of a DAG/],
  [
    "catchup without a start date",
    () => dag("late", { schedule: "@daily", catchup: true }, () => void noop()),
    /startDate/,
  ],
])("%s is an error when the file loads, with place and remedy", (_what, load, message) => {
  expect(load).toThrow(message);
});

function cycle(): void {
  const [a, b] = [empty("a"), empty("b")];
  chain(a, b, a);
}

test("neighbouring lists of chain pair up, crossDownstream draws every combination", () => {
  const paired = dag("paired", { schedule: null }, () => {
    const [a, b, c, d] = [empty("a"), empty("b"), empty("c"), empty("d")];
    chain([a, b], [c, d]);
  });
  expect(paired.edges).toEqual([
    ["a", "c"],
    ["b", "d"],
  ]);
  const crossed = dag("crossed", { schedule: null }, () => {
    const [a, b, c, d] = [empty("a"), empty("b"), empty("c"), empty("d")];
    crossDownstream([a, b], [c, d]);
  });
  expect(crossed.edges).toHaveLength(4);
});

test("groups nest, and prefixGroupId: false leaves ids as they are", () => {
  const nested = dag("nested", { schedule: null }, () => {
    taskGroup("outer", () => {
      taskGroup("inner", () => void noop());
      taskGroup("plain", { prefixGroupId: false }, () => void one());
    });
  });
  expect(nested.taskIds).toEqual(["outer.inner.noop", "one"]);
});

test("several mapped inputs give every combination, the first varying slowest; kwargs and map work per element", async () => {
  const pair = task("pair", async ({ a, b }: { a: string; b?: number }) => `${a}${b ?? ""}`);
  const letters = task("letters", async () => ["x", "y"]);
  const run = await testDag(
    dag("products", { schedule: null }, () => {
      const listed = letters();
      pair.expand({ a: listed, b: [1, 2] });
      pair.with({ id: "by_object" }).expandKwargs([{ a: "p" }, { a: "q", b: 3 }]);
      pair.with({ id: "upper" }).expand({ a: listed.map((letter) => letter.toUpperCase()) });
    }),
  );
  expect(run.tasks["pair"]?.result).toEqual(["x1", "x2", "y1", "y2"]);
  expect(run.tasks["by_object"]?.result).toEqual(["p", "q3"]);
  expect(run.tasks["upper"]?.result).toEqual(["X", "Y"]);
});

test("a value that is no list fails the task that made it, and the mapped task is upstream_failed", async () => {
  const number = task("number", async () => 3 as unknown as number[]);
  const square = task("square", async ({ n }: { n: number }) => n * n);
  const run = await testDag(dag("unmappable", { schedule: null }, () => void square.expand({ n: number() })));
  expect(run.tasks["number"]).toMatchObject({ state: "failed", error: { code: "value_not_mappable" } });
  expect(run.tasks["square"]?.state).toBe("upstream_failed");
});

test("a branch may choose several tasks, a group by its id, or none", async () => {
  const choosing = (dagId: string, answer: string | string[] | null) =>
    testDag(
      dag(dagId, { schedule: null }, () => {
        const group = taskGroup("group", () => void noop());
        branch("choose", { to: { a: empty("a"), b: empty("b"), group } }, async () => answer);
      }),
    );
  const states = async (dagId: string, answer: string | string[] | null) => {
    const { tasks } = await choosing(dagId, answer);
    return ["a", "b", "group.noop"].map((id) => tasks[id]?.state);
  };
  expect(await states("several", ["a", "b"])).toEqual(["success", "success", "skipped"]);
  expect(await states("by_group", "group")).toEqual(["skipped", "skipped", "success"]);
  expect(await states("none", null)).toEqual(["skipped", "skipped", "skipped"]);
});

test("a branch to an id that is not directly downstream fails", async () => {
  const run = await testDag(
    dag("unknown_target", { schedule: null }, () => {
      branch("choose", { to: { a: empty("a") } }, (): string => "nowhere");
    }),
  );
  expect(run.tasks["choose"]).toMatchObject({ state: "failed", error: { code: "branch_target_unknown" } });
});

test.each([[false], [0], [null], [""], [[]]])(
  "a short circuit takes %j for false and skips whatever the rule",
  async (answer) => {
    const run = await testDag(
      dag("circuit", { schedule: null }, () => {
        const go = shortCircuit("go", {}, async () => answer);
        chain(go, noop(), empty("end", { triggerRule: "all_done" }));
      }),
    );
    expect([run.tasks["noop"]?.state, run.tasks["end"]?.state]).toEqual(["skipped", "skipped"]);
  },
);
