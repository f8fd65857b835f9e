/**
 * @module An attempt's input from its argument trees.
 */
import { describe, expect, test } from "vitest";
import { AirflowSkipException } from "../../../src/dag/exceptions.ts";
import { encode } from "../../../src/lib/codec.ts";
import type { ArgExpr, ExpandSpec } from "../../../src/model/arg-expr.ts";
import type { AttemptOrder, XComEntry } from "../../../src/model/protocol.ts";
import { evaluateInput } from "../../../src/runtime/args.ts";
import { StoredXComs } from "../../../src/runtime/stored-xcom.ts";
import { XComReader, type XComSource } from "../../../src/runtime/xcoms.ts";
import { aDag, aHead, anOrder, FakeRun, MemoryObjects, unsealed } from "../../support/runtime-fakes.ts";
import { aTaskSpec } from "../../support/spec-builders.ts";

const literal = (value: unknown): ArgExpr => ({ kind: "literal", text: encode(value) });
const xcom = (taskId: string, path: readonly string[] = [], key = "return_value"): ArgExpr => ({
  kind: "xcom",
  taskId,
  key,
  path,
});
const param = (name: string, path: readonly string[] = []): ArgExpr => ({ kind: "param", name, path });
const entry = (taskId: string, value: unknown, mapIndex = -1, key = "return_value"): XComEntry => ({
  taskId,
  mapIndex,
  key,
  value: { in: "inline", text: encode(value) },
});

const SOURCE: XComSource = {
  xcoms: [
    entry("rows", { n: 3, list: ["a", "b"], at: new Date(0) }),
    entry("list", ["x", "y", "z"]),
    entry("pairs", { one: 1, two: 2 }),
    entry("map", new Map([["k", 7]])),
    entry("nothing", null),
    entry("each", { v: 20 }, 2),
    entry("each", { v: 0 }, 0),
    entry("kwargs", [{ a: 1 }, { a: 2, b: 3 }]),
    entry("sibling", "mine", 1),
    entry("sibling", "other", 0),
  ],
  xcomsLeftOut: [],
  mappedTasks: ["each", "sibling"],
};

const group = { groupId: "g", parent: null, label: "g", tooltip: "", prefixGroupId: true };
const groupExpand: ExpandSpec = { kind: "product", over: { item: xcom("list"), size: literal([10, 20]) } };
const dag = aDag(
  {},
  {
    mapFunctions: [
      (element) => `<${String(element)}>`,
      () => {
        throw new AirflowSkipException("not this one");
      },
    ],
    spec: {
      groups: [
        { ...group, expand: groupExpand },
        { ...group, groupId: "g.inner", parent: "g", expand: null },
      ],
      tasks: [aTaskSpec({ taskId: "t", groupId: "g.inner" }), aTaskSpec({ taskId: "sibling", groupId: "g" })],
    },
  },
);

function input(
  args: Readonly<Record<string, ArgExpr>>,
  order: Partial<AttemptOrder> = {},
  source = SOURCE,
  run = new FakeRun(),
) {
  return evaluateInput({
    head: aHead({ params: { region: "eu", deep: { list: [1, 2] } } }),
    order: anOrder("t", { args, ...order }),
    dag,
    xcoms: new XComReader(run, new StoredXComs(new MemoryObjects(), unsealed), source),
  });
}

describe("an unmapped input", () => {
  const CASES: readonly (readonly [string, ArgExpr, unknown])[] = [
    ["literal", literal({ since: new Date(5) }), { since: new Date(5) }],
    ["xcom in whole", xcom("rows"), { n: 3, list: ["a", "b"], at: new Date(0) }],
    ["picked field", xcom("rows", ["at"]), new Date(0)],
    ["picked item", xcom("rows", ["list", "1"]), "b"],
    ["picked key of a map", xcom("map", ["k"]), 7],
    ["picked field of null", xcom("nothing", ["x"]), undefined],
    ["inherited names are not fields", xcom("rows", ["constructor"]), undefined],
    ["null stays null", xcom("nothing"), null],
    ["a task without a value", xcom("unknown"), undefined],
    ["all values of a mapped task by index, gaps left out", xcom("each"), [{ v: 0 }, { v: 20 }]],
    ["a field of each", xcom("each", ["v"]), [0, 20]],
    ["param", param("region"), "eu"],
    ["part of a param", param("deep", ["list"]), [1, 2]],
    ["missing param", param("absent"), undefined],
    ["list", { kind: "list", items: [literal(1), xcom("rows", ["n"])] }, [1, 3]],
    ["object", { kind: "object", entries: { a: xcom("nothing"), b: literal("b") } }, { a: null, b: "b" }],
    [
      "zip in whole",
      { kind: "zip", of: [xcom("list"), literal([1, 2])] },
      [
        ["x", 1],
        ["y", 2],
      ],
    ],
    ["concat in whole", { kind: "concat", of: [literal([0]), xcom("each", ["v"])] }, [0, 0, 20]],
    ["map in whole", { kind: "map", of: xcom("list"), fn: 0 }, ["<x>", "<y>", "<z>"]],
  ];
  test.each(CASES)("%s", async (_name, expr, value) => {
    expect(await input({ it: expr })).toStrictEqual({ it: value });
  });

  test("a key that a successful task did not push is an error that names both", async () => {
    const broken = input({ it: xcom("rows", [], "count") }, { upstreamStates: { rows: "success" } });
    await expect(broken).rejects.toMatchObject({
      code: "xcom_not_found",
      message: expect.stringContaining("count of rows"),
    });
  });

  test("a key of a skipped task is undefined", async () => {
    expect(await input({ it: xcom("rows", [], "count") }, { upstreamStates: { rows: "skipped" } })).toEqual({
      it: undefined,
    });
  });

  test("two attempts never share an input", async () => {
    const run = new FakeRun();
    const xcoms = new XComReader(run, new StoredXComs(new MemoryObjects(), unsealed), SOURCE);
    const scope = {
      head: aHead(),
      order: anOrder("t", { args: { a: xcom("rows"), b: xcom("rows", ["list"]) } }),
      dag,
      xcoms,
    };
    const first = await evaluateInput(scope);
    const second = await evaluateInput(scope);
    expect(first).toEqual(second);
    expect(first["a"]).not.toBe(second["a"]);
    expect(first["b"]).not.toBe(second["b"]);
  });

  test("what was left out of the batch is fetched in pages, once for all attempts", async () => {
    const run = new FakeRun();
    run.xcoms.push(...[3, 1, 0, 2].map((index) => entry("many", index, index)));
    const source = { xcoms: [], xcomsLeftOut: [{ taskId: "many", key: "return_value" }], mappedTasks: ["many"] };
    const xcoms = new XComReader(run, new StoredXComs(new MemoryObjects(), unsealed), source);
    const scope = { head: aHead(), order: anOrder("t", { args: { all: xcom("many") } }), dag, xcoms };
    const inputs = await Promise.all([evaluateInput(scope), evaluateInput(scope)]);
    expect(inputs).toEqual([{ all: [0, 1, 2, 3] }, { all: [0, 1, 2, 3] }]);
    expect(run.pages).toBe(2);
  });

  test("what was left out of many tasks is asked for together", async () => {
    const run = new FakeRun();
    run.pageSize = 1_000;
    const names = Array.from({ length: 300 }, (_, index) => `part_${index}`);
    run.xcoms.push(...names.map((name, index) => entry(name, index)));
    const source = {
      xcoms: [],
      xcomsLeftOut: names.map((taskId) => ({ taskId, key: "return_value" })),
      mappedTasks: [],
    };
    const xcoms = new XComReader(run, new StoredXComs(new MemoryObjects(), unsealed), source);
    const parts = { kind: "list", items: names.map((name) => xcom(name)) } as const;
    const scope = { head: aHead(), order: anOrder("t", { args: { parts } }), dag, xcoms };
    expect(await evaluateInput(scope)).toEqual({ parts: names.map((_, index) => index) });
    expect(run.pages).toBe(1);
  });

  test("a value named twice in the batch counts once", async () => {
    const source = { ...SOURCE, xcoms: [...SOURCE.xcoms, entry("each", { v: 20 }, 2)] };
    expect(await input({ it: xcom("each", ["v"]) }, {}, source)).toEqual({ it: [0, 20] });
  });
});

describe("a mapped instance", () => {
  const product = (
    over: Readonly<Record<string, ArgExpr>>,
    indexes: Readonly<Record<string, number>>,
    mapIndex = 0,
  ) => ({
    mapIndex,
    mapped: { expand: { kind: "product" as const, over }, indexes, groupId: null },
  });

  test("of a product gets the element of each key at its indexes, beside its fixed inputs", async () => {
    const order = product({ a: xcom("list"), b: literal([1, 2]) }, { a: 2, b: 1 }, 5);
    expect(await input({ fixed: literal(true) }, order)).toEqual({ fixed: true, a: "z", b: 2 });
  });

  const ELEMENTS: readonly (readonly [string, ArgExpr, number, unknown])[] = [
    ["an object gives pairs", xcom("pairs"), 1, ["two", 2]],
    ["a map gives pairs", xcom("map"), 0, ["k", 7]],
    ["a literal object gives pairs", literal({ p: 1 }), 0, ["p", 1]],
    ["a picked list", xcom("rows", ["list"]), 1, "b"],
    ["a mapped task counts only instances with a value", xcom("each"), 1, { v: 20 }],
    ["a list of references", { kind: "list", items: [xcom("rows", ["n"]), literal(9)] }, 0, 3],
    ["an object of references", { kind: "object", entries: { n: xcom("rows", ["n"]) } }, 0, ["n", 3]],
    ["a param", param("deep", ["list"]), 1, 2],
    ["zip", { kind: "zip", of: [xcom("list"), literal([1, 2])] }, 1, ["y", 2]],
    ["zip with fill", { kind: "zip", of: [xcom("list"), literal([1])], fill: literal("-") }, 2, ["z", "-"]],
    ["concat, first part", { kind: "concat", of: [literal([0, 1]), xcom("list")] }, 1, 1],
    ["concat, second part", { kind: "concat", of: [literal([0, 1]), xcom("list")] }, 3, "y"],
    ["map function", { kind: "map", of: xcom("list"), fn: 0 }, 2, "<z>"],
  ];
  test.each(ELEMENTS)("%s", async (_name, expr, index, value) => {
    expect(await input({}, product({ it: expr }, { it: index }, index))).toStrictEqual({ it: value });
  });

  test("of expandKwargs gets the object at its index as inputs", async () => {
    const mapped = { expand: { kind: "kwargs" as const, of: xcom("kwargs") }, indexes: { kwargs: 1 }, groupId: null };
    expect(await input({ c: literal(0) }, { mapIndex: 1, mapped })).toEqual({ a: 2, b: 3, c: 0 });
  });

  test("of expandKwargs over something else than objects fails", async () => {
    const mapped = { expand: { kind: "kwargs" as const, of: xcom("list") }, indexes: { kwargs: 1 }, groupId: null };
    await expect(input({}, { mapIndex: 1, mapped })).rejects.toMatchObject({ code: "value_not_mappable" });
  });

  test("is skipped by a skip exception of the map function", async () => {
    const order = product({ it: { kind: "map", of: xcom("list"), fn: 1 } }, { it: 0 });
    await expect(input({}, order)).rejects.toMatchObject({ code: "AirflowSkipException" });
  });

  test("names the version when the map function is gone", async () => {
    const order = product({ it: { kind: "map", of: xcom("list"), fn: 8 } }, { it: 0 });
    await expect(input({}, order)).rejects.toMatchObject({ code: "handler_missing" });
  });

  test("of a group gets the group's element and its siblings' values at the own index", async () => {
    const mapped = { expand: groupExpand, indexes: { item: 1, size: 0 }, groupId: "g" };
    const args: Readonly<Record<string, ArgExpr>> = {
      item: { kind: "group-element", groupId: "g", name: "item" },
      size: { kind: "group-element", groupId: "g", name: "size" },
      sibling: xcom("sibling"),
      all: xcom("each", ["v"]),
    };
    expect(await input(args, { mapIndex: 1, mapped })).toEqual({ item: "y", size: 10, sibling: "mine", all: [0, 20] });
  });

  test("outside of the group sees all values of a task in it", async () => {
    expect(await input({ it: xcom("sibling") })).toEqual({ it: ["other", "mine"] });
  });
});
