/**
 * @module The graph that a DAG body draws: data edges, chain, groups, what a DAG shows of it.
 */
import { expect, test } from "vitest";
import { chain, crossDownstream, dag, empty, task, taskGroup } from "../../../src/index.ts";

const noop = task("noop", async () => {});
const one = task("one", async () => 1);
const addOne = task("add_one", async ({ n }: { n: number }) => n + 1);
const edgesOf = (body: () => void): string[] =>
  dag("graph", {}, body)
    .edges.map(([from, to]) => `${from}>${to}`)
    .toSorted();

test("data draws an edge from the producer to the consumer, once", () => {
  expect(
    edgesOf(() => {
      const first = one();
      addOne({ n: first });
      addOne.with({ id: "both" })({ n: first }).after(first);
    }),
  ).toEqual(["one>add_one", "one>both"]);
});

test("references inside lists draw edges, too", () => {
  const sum = task("sum", async ({ parts }: { parts: number[] }) => parts.length);
  expect(edgesOf(() => void sum({ parts: [1, one(), one.with({ id: "two" })()] }))).toEqual(["one>sum", "two>sum"]);
});

test("chain runs lists in full width and pairs neighbouring lists", () => {
  expect(
    edgesOf(() => {
      const [a, b, c, d, e, f] = ["a", "b", "c", "d", "e", "f"].map((id) => empty(id));
      if (a && b && c && d && e && f) chain(a, [b, c], [d, e], f);
    }),
  ).toEqual(["a>b", "a>c", "b>d", "c>e", "d>f", "e>f"]);
});

test("crossDownstream draws every combination, before and after answer the task itself", () => {
  expect(
    edgesOf(() => {
      crossDownstream([empty("a"), empty("b")], [empty("c"), empty("d")]);
      empty("x").before(empty("y").after(empty("z")), [empty("v")]);
    }),
  ).toEqual(["a>c", "a>d", "b>c", "b>d", "x>v", "x>y", "z>y"]);
});

test("an edge to a group means its roots, one from it its leaves, nested groups included", () => {
  expect(
    edgesOf(() => {
      const inner = (id: string) =>
        taskGroup(id, () => {
          chain(empty("first"), [empty("left"), empty("right")]);
        });
      const group = taskGroup("g", () => chain(inner("in1"), inner("in2")));
      chain(empty("start"), group, empty("end"));
    }),
  ).toEqual([
    "g.in1.first>g.in1.left",
    "g.in1.first>g.in1.right",
    "g.in1.left>g.in2.first",
    "g.in1.right>g.in2.first",
    "g.in2.first>g.in2.left",
    "g.in2.first>g.in2.right",
    "g.in2.left>end",
    "g.in2.right>end",
    "start>g.in1.first",
  ]);
});

test("a group's edges count members placed after the edge was drawn", () => {
  expect(
    edgesOf(() => {
      const group = taskGroup("g", () => {
        const a = empty("a");
        const sub = taskGroup("sub", () => void empty("b"));
        a.before(sub);
        chain(sub, empty("c"));
      });
      group.before(empty("end"));
    }),
  ).toEqual(["g.a>g.sub.b", "g.c>end", "g.sub.b>g.c"]);
});

test("what follows a group does not wait for its teardowns", () => {
  expect(
    edgesOf(() => {
      const group = taskGroup("g", () => {
        const setup = noop.with({ id: "setup" })();
        const work = empty("work").after(setup);
        noop.with({ id: "teardown" })().asTeardown({ setups: setup }).after(work);
      });
      group.before(empty("end"));
    }),
  ).toEqual(["g.setup>g.teardown", "g.setup>g.work", "g.work>end", "g.work>g.teardown"]);
});

test("prefixGroupId false keeps the ids, groups keep tooltip, label and parent", () => {
  const { spec } = dag("graph", {}, () => {
    taskGroup("outer", { tooltip: "All of it", prefixGroupId: false }, () => {
      noop();
      taskGroup("inner", () => void one());
    });
  });
  expect(spec.tasks.map(({ taskId, groupId }) => [taskId, groupId])).toEqual([
    ["noop", "outer"],
    ["inner.one", "inner"],
  ]);
  expect(spec.groups.map(({ groupId, parent, label, tooltip }) => [groupId, parent, label, tooltip])).toEqual([
    ["outer", null, "outer", "All of it"],
    ["inner", "outer", "inner", ""],
  ]);
});

test("a DAG shows its tasks, neighbours, roots and leaves", () => {
  const built = dag("graph", {}, () => chain(empty("a"), [empty("b"), empty("c")], empty("d")));
  expect(built.taskIds).toEqual(["a", "b", "c", "d"]);
  expect(built.tasks).toHaveLength(4);
  expect(built.roots.map(({ id }) => id)).toEqual(["a"]);
  expect(built.leaves.map(({ id }) => id)).toEqual(["d"]);
  expect(built.getTask("a")?.downstreamList.map(({ taskId }) => taskId)).toEqual(["b", "c"]);
  expect(built.getTask("d")?.upstreamTaskIds).toEqual(["b", "c"]);
  expect(built.getTask("absent")).toBeUndefined();
});

test("nothing an author is handed is thenable", async () => {
  dag("graph", {}, () => {
    const ref = one();
    for (const value of [ref, taskGroup("g", () => ({ a: empty("a") })), empty("e")]) {
      expect("then" in value).toBe(false);
    }
  });
});
