/**
 * @module `ti.xcomPull` by Airflow's rules.
 */
import { expect, test } from "vitest";
import { encode } from "../../../src/lib/codec.ts";
import type { XComEntry } from "../../../src/model/protocol.ts";
import { StoredXComs } from "../../../src/runtime/stored-xcom.ts";
import { xcomPuller } from "../../../src/runtime/xcom-pull.ts";
import { XComReader } from "../../../src/runtime/xcoms.ts";
import { aDag, FakeRun, MemoryObjects, unsealed } from "../../support/runtime-fakes.ts";
import { aTaskSpec } from "../../support/spec-builders.ts";

const inline = (value: unknown): XComEntry["value"] => ({ in: "inline", text: encode(value) });
const entry = (taskId: string, value: unknown, mapIndex = -1, key = "return_value"): XComEntry => ({
  taskId,
  mapIndex,
  key,
  value: inline(value),
});

const run = new FakeRun();
run.xcoms.push(
  entry("a", 1),
  entry("b", null),
  entry("a", "other", -1, "k"),
  entry("each", "two", 2),
  entry("each", "zero", 0),
  entry("one_instance", "only", 0),
  entry("sibling", "s0", 0),
  entry("sibling", "s1", 1),
  entry("me", "earlier", 1, "old"),
);
const expand = { kind: "kwargs", of: { kind: "list", items: [] } } as const;
const dag = aDag(
  {},
  {
    spec: {
      groups: [{ groupId: "g", parent: null, label: "g", tooltip: "", prefixGroupId: true, expand }],
      tasks: [aTaskSpec({ taskId: "me", groupId: "g" }), aTaskSpec({ taskId: "sibling", groupId: "g" })],
    },
  },
);
const xcoms = new XComReader(run, new StoredXComs(new MemoryObjects(), unsealed), {
  xcoms: [],
  xcomsLeftOut: [],
  mappedTasks: ["each", "one_instance", "sibling", "empty"],
});
const pushed = (key: string): XComEntry["value"] | undefined => (key === "return_value" ? inline("mine") : undefined);
const pull = xcomPuller({ taskId: "me", mapIndex: 1, dag, xcoms, pushed });

const CASES: readonly (readonly [string, Parameters<typeof pull>, unknown])[] = [
  ["one id", ["a"], 1],
  ["one id and a key", ["a", "k"], "other"],
  ["a null value stays null", ["b"], null],
  ["a missing value is undefined", ["nobody"], undefined],
  ["a missing value gives the default", [{ taskIds: "nobody", default: 5 }], 5],
  ["null is no missing value", [{ taskIds: "b", default: 5 }], null],
  ["a list of ids in that order, missing ones in place", [["b", "nobody", "a"]], [null, undefined, 1]],
  ["a mapped task's values by index", ["each"], ["zero", "two"]],
  ["a mapped task is a list even with one instance", ["one_instance"], ["only"]],
  ["a mapped task without values", ["empty"], []],
  ["lists of mapped tasks are joined", [["each", "a"]], ["zero", "two", 1]],
  ["one map index", [{ taskIds: "each", mapIndexes: 2 }], "two"],
  ["a missing map index", [{ taskIds: "each", mapIndexes: 1, default: "d" }], "d"],
  ["several map indexes in that order", [{ taskIds: "each", mapIndexes: [2, 1, 0] }], ["two", undefined, "zero"]],
  ["a task of the same mapped group at the own index", ["sibling"], "s1"],
  ["no id is the own task, own pushes seen at once", [], "mine"],
  ["own pushes of an earlier poke", [{ key: "old" }], "earlier"],
];

test.each(CASES)("%s", async (_name, args, value) => {
  expect(await pull(...args)).toEqual(value);
});
