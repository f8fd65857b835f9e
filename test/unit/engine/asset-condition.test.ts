/**
 * @module Asset expressions: which updates are enough.
 */
import { expect, test } from "vitest";
import { asset, assetAll, assetAny, dag, task } from "../../../src/index.ts";
import type { Schedule } from "../../../src/index.ts";
import { assetsOf, holds } from "../../../src/engine/asset-condition.ts";

const a = asset("x://a", { name: "A", group: "g" });
const b = asset("x://b");
const c = asset("x://c");
const noop = task("noop", async () => {});
const specOf = (schedule: Schedule) => dag("d", { schedule }, () => void noop()).spec;

test.each<readonly [string, Schedule, readonly string[], readonly string[]]>([
  ["one asset", a, ["a"], ["", "b"]],
  ["a list", [a, b], ["ab", "abc"], ["a", "b", ""]],
  ["any", assetAny(a, b), ["a", "b", "ab"], ["c", ""]],
  ["all in any", assetAny(a, assetAll(b, c)), ["a", "bc", "abc"], ["b", "c", ""]],
  ["any in all", assetAll(a, assetAny(b, c)), ["ab", "ac"], ["a", "bc"]],
  ["beside a time", { timetable: "@daily", assets: [a, b] }, ["ab"], ["a"]],
])("%s", (_, schedule, enough, tooLittle) => {
  const condition = specOf(schedule).assets!;
  const updated = (letters: string): Set<string> => new Set(letters.split("").map((letter) => `x://${letter}`));
  for (const letters of enough) expect(holds(condition, updated(letters)), letters).toBe(true);
  for (const letters of tooLittle) expect(holds(condition, updated(letters)), letters).toBe(false);
});

test("an expression is kept in Airflow's form, each asset named once", () => {
  const { assets, schedule, scheduleText } = specOf(assetAny(a, assetAll(a, b)));
  expect(assets).toEqual({
    any: [
      { asset: { uri: "x://a", name: "A", group: "g" } },
      {
        all: [
          { asset: { uri: "x://a", name: "A", group: "g" } },
          { asset: { uri: "x://b", name: "x://b", group: "asset" } },
        ],
      },
    ],
  });
  expect(assetsOf(assets!)).toEqual(["x://a", "x://b"]);
  expect([schedule.kind, scheduleText]).toEqual(["assets", "Asset"]);
  expect(specOf({ timetable: "@daily", assets: a })).toMatchObject({
    schedule: { kind: "cron-trigger" },
    scheduleText: "Asset or @daily",
  });
});

test.each<readonly [string, unknown]>([
  ["an empty list", []],
  ["an empty any", assetAny()],
  ["what is no asset", ["x://a"]],
  ["a list in a list", [[a]]],
  ["assets beside assets", { timetable: [a], assets: [b] }],
])("%s is refused at load", (_, schedule) => {
  expect(() => specOf(schedule as Schedule)).toThrow(/asset|schedule/);
});
