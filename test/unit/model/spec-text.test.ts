/**
 * @module Specs as text: equal upstream lists are written once and are one list again in memory.
 */
import { expect, test } from "vitest";
import { compactSpec, parseSpec, specText } from "../../../src/model/spec-text.ts";
import { specHash } from "../../../src/dag/serialize.ts";
import { crossDownstream, dag, task } from "../../../src/index.ts";
import { planOf } from "../../../src/engine/plan.ts";

const step = task("step", async () => undefined);

function layers(name: string, width: number) {
  return dag(name, { schedule: null }, () => {
    const layer = (at: number) => Array.from({ length: width }, (_, i) => step.with({ id: `t_${at}_${i}` })());
    const [first, second] = [layer(0), layer(1)];
    crossDownstream(first, second);
    crossDownstream(second, layer(2));
  });
}

test("tasks behind the same many tasks share one list, in the text and in memory", () => {
  const { spec } = layers("wide", 20);
  expect(specText(spec).match(/"t_0_7"/g)).toHaveLength(2);
  const read = parseSpec(specText(spec));
  expect(read).toEqual(spec);
  expect(read.tasks[20]?.upstream).toBe(read.tasks[39]?.upstream);
  expect(planOf(read).tasks[20]?.counts).toBe(planOf(read).tasks[39]?.counts);
  expect(planOf(read).tasks[0]?.countedBy).toBe(planOf(read).tasks[19]?.countedBy);
});

test("the hash depends on content only, not on which lists are one in memory", () => {
  const { spec } = layers("hashed", 20);
  const apart = { ...spec, tasks: spec.tasks.map((one) => ({ ...one, upstream: [...one.upstream] })) };
  expect(specHash(apart)).toBe(specHash(spec));
  expect(specText(apart)).toBe(specText(spec));
});

test("a spec without long equal lists is stored as it is, and one that was spelled out is still read", () => {
  const { spec } = layers("narrow", 3);
  expect(compactSpec(spec)).toBe(spec);
  expect(parseSpec(JSON.stringify(spec))).toEqual(spec);
  const { spec: wide } = layers("spelled_out", 20);
  expect(parseSpec(JSON.stringify(wide))).toEqual(wide);
});
