/**
 * @module Lengths of every kind of expression that a task can be expanded over.
 */
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { describe, expect, it } from "vitest";
import { expansionLengths, instanceCount, sourcesOf } from "../../../src/engine/mapping.ts";
import { graphOf } from "../../../src/engine/graph.ts";
import type { ArgExpr } from "../../../src/model/arg-expr.ts";
import type { Length } from "../../../src/engine/mapping.ts";

const LENGTHS: Readonly<Record<string, Length>> = { two: 2, three: 3, none: 0, later: "unknown", bad: "unmappable" };
const xcom = (taskId: string): ArgExpr => ({ kind: "xcom", taskId, key: "return_value", path: [] });
const param = (name: string, ...path: string[]): ArgExpr => ({ kind: "param", name, path });
const source = {
  xcom: (taskId: string) => LENGTHS[taskId] ?? "unknown",
  param: (name: string) => ({ list: [1, 2, 3, 4], nested: { items: { a: 1, b: 2 } }, text: "abc" })[name],
};
const lengths = (of: ArgExpr): unknown => expansionLengths({ kind: "product", over: { x: of } }, source);

describe("lengths of expansions", () => {
  it.each<readonly [string, ArgExpr, unknown]>([
    ["a literal", { kind: "literal", text: "", length: 5 }, { x: 5 }],
    ["a literal that is no list", { kind: "literal", text: "", length: null }, "unmappable"],
    ["a list of inputs", { kind: "list", items: [xcom("bad"), xcom("later")] }, { x: 2 }],
    ["an object of inputs", { kind: "object", entries: { a: xcom("two") } }, { x: 1 }],
    ["an upstream value", xcom("three"), { x: 3 }],
    ["a missing upstream value", xcom("later"), "unknown"],
    ["a param", param("list"), { x: 4 }],
    ["a path into a param", param("nested", "items"), { x: 2 }],
    ["a param that is text", param("text"), "unmappable"],
    ["a param that is not there", param("absent"), "unmappable"],
    ["zip ends with the shortest", { kind: "zip", of: [xcom("two"), xcom("three")] }, { x: 2 }],
    [
      "zip with fill goes on to the longest",
      { kind: "zip", of: [xcom("two"), xcom("three")], fill: param("text") },
      { x: 3 },
    ],
    ["concat adds up", { kind: "concat", of: [xcom("two"), xcom("three"), xcom("none")] }, { x: 5 }],
    ["concat waits for all", { kind: "concat", of: [xcom("two"), xcom("later")] }, "unknown"],
    ["a mapped function keeps the length", { kind: "map", of: xcom("three"), fn: 0 }, { x: 3 }],
  ])("%s", (_, expr, expected) => {
    expect(lengths(expr)).toEqual(expected);
  });
  it("multiplies the keys of a product", () => {
    const all = expansionLengths({ kind: "product", over: { x: xcom("two"), y: xcom("three") } }, source);
    expect(all).toEqual({ x: 2, y: 3 });
    expect(instanceCount({ x: 2, y: 3 })).toBe(6);
    expect(instanceCount({ x: 2, y: 0 })).toBe(0);
  });
  it("finds every task that an expansion names", () => {
    const graph = graphOf(aDagSpec({ dagId: "d", tasks: ["two", "three"].map((taskId) => aTaskSpec({ taskId })) }));
    const zip: ArgExpr = { kind: "zip", of: [xcom("two"), { kind: "map", of: xcom("three"), fn: 0 }, param("list")] };
    expect(sourcesOf({ kind: "kwargs", of: zip }, graph)).toEqual([0, 1]);
  });
});
