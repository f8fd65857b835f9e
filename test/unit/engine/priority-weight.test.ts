/**
 * @module The three weight rules over a diamond and a long chain.
 */
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";
import { describe, expect, it } from "vitest";
import { graphOf } from "../../../src/engine/graph.ts";
import { priorityWeights } from "../../../src/engine/priority-weight.ts";

/** a >> (b, c) >> d, weights 1, 10, 100, 1000. */
function weights(weightRule: "downstream" | "upstream" | "absolute"): number[] {
  const tasks = [
    aTaskSpec({ taskId: "a", priorityWeight: 1, weightRule }),
    aTaskSpec({ taskId: "b", priorityWeight: 10, weightRule, upstream: ["a"] }),
    aTaskSpec({ taskId: "c", priorityWeight: 100, weightRule, upstream: ["a"] }),
    aTaskSpec({ taskId: "d", priorityWeight: 1000, weightRule, upstream: ["b", "c"] }),
  ];
  const spec = aDagSpec({ dagId: "w", tasks });
  return priorityWeights(spec, graphOf(spec));
}

describe("priority weights", () => {
  it.each([
    ["downstream", [1111, 1010, 1100, 1000]],
    ["upstream", [1, 11, 101, 1111]],
    ["absolute", [1, 10, 100, 1000]],
  ] as const)("%s counts each relative once", (rule, expected) => {
    expect(weights(rule)).toEqual(expected);
  });
  it("holds for more tasks than one word has bits", () => {
    const tasks = Array.from({ length: 70 }, (_, i) =>
      aTaskSpec({ taskId: `t${i}`, upstream: i === 0 ? [] : [`t${i - 1}`] }),
    );
    const spec = aDagSpec({ dagId: "chain", tasks });
    expect(priorityWeights(spec, graphOf(spec))).toEqual(tasks.map((_, i) => 70 - i));
  });
});
