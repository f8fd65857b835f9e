/**
 * @module The parts of `npm run bench` that turn what was asked and counted into figures.
 */
import { describe, expect, test } from "vitest";
import { readOptions } from "../../../bench/bench-options.ts";
import { dollarsPerMillionTasks, type TaskUsage } from "../../../bench/prices.ts";
import { measuresTable } from "../../../bench/result.ts";
import { tasksOf } from "../../../bench/system.ts";
import { median, quantile } from "../../../bench/time-runs.ts";

const NOTHING: TaskUsage = {
  workerRequests: 0,
  objectCalls: 0,
  alarms: 0,
  objectSeconds: 0,
  objectRowsWritten: 0,
  objectRowsRead: 0,
  d1Statements: 0,
  d1RowsWritten: 0,
  d1RowsRead: 0,
  queueMessages: 0,
  r2ClassA: 0,
  r2ClassB: 0,
};

describe("options", () => {
  test("without any, everything is measured", () => {
    const options = readOptions([]);
    expect([...options.only]).toEqual(["W1", "W2", "W3", "W4"]);
    expect(options).toMatchObject({ states: ["disk", "memory"], json: null, counts: true, help: false });
  });

  test("--only takes a list, --state one place", () => {
    const options = readOptions(["--only", "W1,w3", "--state", "memory", "--json", "out.json", "--no-counts"]);
    expect([...options.only]).toEqual(["W1", "W3"]);
    expect(options).toMatchObject({ states: ["memory"], json: "out.json", counts: false });
  });

  test("scale rows are measured when they are named, or all are asked for", () => {
    expect([...readOptions([]).scale]).toEqual([]);
    const named = readOptions(["--only", "w1,T4"]);
    expect([[...named.only], [...named.scale]]).toEqual([["W1"], ["T4"]]);
    const all = readOptions(["--scale"]);
    expect([[...all.only], [...all.scale]]).toEqual([
      ["W1", "W2", "W3", "W4"],
      ["T1", "T2", "T3", "T4", "T5", "P1", "L1", "L2", "L3", "L4"],
    ]);
  });

  test.each([
    [["--only", "W9"], /--only takes W1, W2, W3, W4, T1.*, got "W9"/],
    [["--state", "tape"], /--state takes disk or memory, got "tape"/],
    [["--fast"], /--fast/],
  ])("%j is refused and the option named", (args, message) => {
    expect(() => readOptions(args)).toThrow(message);
  });
});

describe("dollars per million tasks", () => {
  test.each([
    ["a row written in an object", { objectRowsWritten: 1 }, 1],
    ["a row written in D1", { d1RowsWritten: 1 }, 1],
    ["an object call and an alarm", { objectCalls: 1, alarms: 1 }, 0.3],
    ["a queue message: written, read, deleted", { queueMessages: 1 }, 1.2],
    ["an R2 write and a read", { r2ClassA: 1, r2ClassB: 1 }, 4.86],
    ["a D1 statement by itself", { d1Statements: 5 }, 0],
    ["a second of an object's 128 MB", { objectSeconds: 1 }, 1.6],
  ])("%s", (_name, used, dollars) => {
    expect(dollarsPerMillionTasks({ ...NOTHING, ...used })).toBeCloseTo(dollars, 10);
  });
});

test("the join and the list of a fan count as tasks", () => {
  expect(tasksOf({ kind: "chain", size: 10 })).toBe(10);
  expect(tasksOf({ kind: "fan", size: 1_000 })).toBe(1_001);
  expect(tasksOf({ kind: "map", size: 1_000 })).toBe(1_002);
});

test("median and p95 do not depend on the order", () => {
  const values = [9, 1, 5, 3, 7];
  expect(median(values)).toBe(5);
  expect(quantile(values, 0.95)).toBe(9);
  expect(values).toEqual([9, 1, 5, 3, 7]);
});

test("a ratio is Airflare's value by Workflows'", () => {
  const table = measuresTable([{ workload: "W1", name: "chain", unit: "ms", airflare: 10, workflows: 40 }]);
  expect(table.split("\n").at(-1)).toMatch(/10\.0 ms \|\s+40\.0 ms \|\s+0\.25 \|/);
});
