/**
 * @module What the states of another DAG's runs mean for the one that waits (ExternalTaskSensor), and which waits cannot be.
 */
import { describe, expect, test } from "vitest";
import { externalWaitOf, judgeExternal } from "../../../src/dag/external-wait.ts";
import type { ExternalTarget } from "../../../src/dag/external-wait.ts";
import type { ObservedRun } from "../../../src/model/protocol.ts";
import type { TaskInstanceState } from "../../../src/model/state.ts";

const run = (
  logicalDate: number,
  state: ObservedRun["state"],
  states: Readonly<Record<string, TaskInstanceState>> = {},
): ObservedRun => ({
  logicalDate,
  state,
  instances: Object.entries(states).map(([name, taskState]) => {
    const [taskId = "", mapIndex = "-1"] = name.split("#");
    return { taskId, mapIndex: Number(mapIndex), state: taskState };
  }),
});
const judge = (target: ExternalTarget, runs: readonly ObservedRun[], logicalDates: readonly number[] = [1]) =>
  judgeExternal({ ...externalWaitOf("up", target), logicalDates }, runs);

describe("a task", () => {
  const CASES: readonly (readonly [string, ExternalTarget, Readonly<Record<string, TaskInstanceState>>, string])[] = [
    ["done", { task: "a" }, { a: "success" }, "success"],
    ["under way", { task: "a" }, { a: "running" }, "waiting"],
    ["failed, and no state to fail on: waits till the time-out", { task: "a" }, { a: "failed" }, "waiting"],
    ["failed, a state to fail on", { task: "a", failedStates: ["failed"] }, { a: "failed" }, "failed"],
    ["skipped, a state to skip on", { task: "a", skippedStates: ["skipped"] }, { a: "skipped" }, "skipped"],
    ["skipped counts only if allowed", { task: "a" }, { a: "skipped" }, "waiting"],
    ["skipped, allowed", { task: "a", allowedStates: ["success", "skipped"] }, { a: "skipped" }, "success"],
    ["one of two is not done", { tasks: ["a", "b"] }, { a: "success", b: "running" }, "waiting"],
    ["both done", { tasks: ["a", "b"] }, { a: "success", b: "success" }, "success"],
    [
      "any failed wins over skipped",
      { tasks: ["a", "b"], failedStates: ["failed"], skippedStates: ["skipped"] },
      { a: "skipped", b: "failed" },
      "failed",
    ],
    ["a mapped one needs all of its instances", { task: "a" }, { "a#0": "success", "a#1": "running" }, "waiting"],
    ["a task that the run does not have", { task: "x" }, {}, "waiting"],
    ["a group needs all of its tasks", { group: "g" }, { "g.a": "success", "g.b": "none" }, "waiting"],
    ["a group that is done", { group: "g" }, { "g.a": "success", "g.b": "success" }, "success"],
    ["a group without tasks", { group: "g" }, {}, "waiting"],
  ];
  test.each(CASES)("%s", (_name, target, states, verdict) => {
    expect(judge(target, [run(1, "running", states)])).toBe(verdict);
  });
});

describe("a run", () => {
  test("must exist for exactly the date", () => {
    expect(judge({}, [])).toBe("waiting");
    expect(judge({}, [run(2, "success")])).toBe("waiting");
    expect(judge({}, [run(1, "success")])).toBe("success");
  });

  test("must have got there for all dates", () => {
    expect(judge({}, [run(1, "success"), run(2, "running")], [1, 2])).toBe("waiting");
    expect(judge({}, [run(1, "success"), run(2, "success")], [1, 2])).toBe("success");
    expect(judge({ failedStates: ["failed"] }, [run(1, "success"), run(2, "failed")], [1, 2])).toBe("failed");
  });

  test("may be waited for to fail", () => {
    expect(judge({ allowedStates: ["failed"], failedStates: ["success"] }, [run(1, "failed")])).toBe("success");
  });
});

const BAD: readonly (readonly [string, ExternalTarget, RegExp])[] = [
  ["a task and tasks", { task: "a", tasks: ["b"] }, /only one of task, tasks and group/],
  ["tasks and a group", { tasks: ["a"], group: "g" }, /only one of task, tasks and group/],
  ["a task twice", { tasks: ["a", "a"] }, /tasks names a twice/],
  ["a state in two lists", { task: "a", failedStates: ["success"] }, /state success stands twice/],
  [
    "a task's state for a run",
    { failedStates: ["upstream_failed"] },
    /upstream_failed is no state of a run; states are queued, running/,
  ],
  ["a state that is none", { task: "a", allowedStates: ["done"] }, /done is no state of a task/],
];
test.each(BAD)("%s cannot be waited for", (_name, target, message) => {
  expect(() => externalWaitOf("up", target)).toThrow(message);
});
