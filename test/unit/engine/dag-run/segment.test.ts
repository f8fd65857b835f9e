/**
 * @module Linear segments: a driver goes on with the only task behind one it has finished, under a token agreed upon, and reports both together.
 */
import { describe, expect, test } from "vitest";
import { attemptToken, parseAttemptToken, type AttemptToken } from "../../../../src/model/ids.ts";
import { followerNonce, followerOf } from "../../../../src/engine/dag-run/segment.ts";
import { EngineRun, FAILED, SUCCESS, type Task } from "../engine-run.ts";
import type { AttemptReport } from "../../../../src/model/outcome.ts";

const SHORT = { a: 10, b: 10, c: 10, d: 10 };
const OFFER = { room: 1, deadlineAt: 60_000, driver: "http" } as const;
const CHAIN: readonly Task[] = [
  { taskId: "a" },
  { taskId: "b", upstream: ["a"], retries: 1, retryDelayMs: 5_000 },
  { taskId: "c", upstream: ["b"] },
];

function started(tasks: readonly Task[], longest: Readonly<Record<string, number>> = SHORT): EngineRun {
  const run = new EngineRun(tasks, {}, longest);
  run.start(OFFER);
  return run;
}

function nonceOf(token: AttemptToken): number {
  return parseAttemptToken(token)?.nonce ?? 0;
}

/** Reports of the tasks of a segment, first one open, all a success. */
function segment(run: EngineRun, first: AttemptToken, ...ords: readonly number[]): AttemptReport[] {
  const tokens = [first];
  for (const ord of ords) tokens.push(attemptToken("inc", ord, followerNonce(nonceOf(tokens.at(-1) ?? ""))));
  return tokens.map((token, index) => {
    const next = tokens[index + 1];
    const times = { startedAt: run.now + index * 10, endedAt: run.now + index * 10 + 10 };
    return { token, outcome: SUCCESS, ...times, ...(next === undefined ? {} : { continuedBy: next }) };
  });
}

describe("a chain of short tasks", () => {
  test("is finished by one event whose reports go on from task to task, with times one behind the other", () => {
    const run = started(CHAIN);
    const reports = segment(run, run.token("a"), 1, 2);
    run.now += 100;
    const result = run.event({ kind: "attempts-finished", reports });
    expect(result.stale).toEqual([]);
    expect(run.run.head.state).toBe("success");
    expect(run.run.instances.map(({ state, tryNumber }) => [state, tryNumber])).toEqual([
      ["success", 1],
      ["success", 1],
      ["success", 1],
    ]);
    expect(run.run.instances.map(({ endedAt }) => run.now - endedAt)).toEqual([20, 10, 0]);
    expect(result.dispatch).toEqual([]);
  });

  test("is open at the task its driver is at, when the reports end before the segment does", () => {
    const run = started(CHAIN);
    const reports = segment(run, run.token("a"), 1);
    const ahead = reports[1]?.token ?? "";
    run.event({ kind: "attempts-finished", reports: reports.slice(0, 1) });
    expect(run.instance("b").state).toBe("running");
    expect(run.token("b")).toBe(ahead);
    run.report([ahead], SUCCESS);
    expect(run.instance("c").state).toBe("queued");
  });

  test("retries the task that failed in the middle of it, by its own policy", () => {
    const run = started(CHAIN);
    const reports = segment(run, run.token("a"), 1);
    const failed = reports.map((report, index) => (index === 1 ? { ...report, outcome: FAILED } : report));
    run.event({ kind: "attempts-finished", reports: failed });
    expect(run.instance("b")).toMatchObject({ state: "up_for_retry", tryNumber: 1 });
    expect(run.instance("c").state).toBe("none");
  });

  test("a segment behind a task that did not succeed is refused, and its driver told to drop it", () => {
    const run = started(CHAIN);
    const [first, second] = segment(run, run.token("a"), 1);
    const reports = [{ ...(first as AttemptReport), outcome: FAILED }, second as AttemptReport];
    const { stale } = run.event({ kind: "attempts-finished", reports });
    expect(stale).toEqual([second?.token, second?.token]);
    expect(run.instance("b").state).toBe("upstream_failed");
  });

  test("a fenced attempt takes its whole segment with it", () => {
    const run = started(CHAIN);
    const reports = segment(run, run.token("a"), 1, 2);
    run.clear({ select: [{ taskId: "a" }] });
    const { stale } = run.event({ kind: "attempts-finished", reports });
    expect(new Set(stale)).toEqual(new Set(reports.map(({ token }) => token)));
    expect(run.instance("b").state).toBe("none");
  });

  test("a token that was not agreed upon opens nothing", () => {
    const run = started(CHAIN);
    const [first] = segment(run, run.token("a"), 1);
    const reports = [{ ...(first as AttemptReport), continuedBy: attemptToken("inc", 1, 42) }];
    expect(run.event({ kind: "attempts-finished", reports }).stale).toEqual([attemptToken("inc", 1, 42)]);
    expect(run.instance("b").state).toBe("queued");
  });
});

describe("no segment where more than an order of two plain tasks is at stake", () => {
  const cases: readonly (readonly [string, readonly Task[]])[] = [
    [
      "two tasks wait for the first",
      [{ taskId: "a" }, { taskId: "b", upstream: ["a"] }, { taskId: "c", upstream: ["a"] }],
    ],
    ["the second waits for another one too", [{ taskId: "a" }, { taskId: "c" }, { taskId: "b", upstream: ["a", "c"] }]],
    [
      "the second has another trigger rule",
      [{ taskId: "a" }, { taskId: "b", upstream: ["a"], triggerRule: "all_done" }],
    ],
    ["the second is a branch", [{ taskId: "a" }, { taskId: "b", upstream: ["a"], kind: "branch" }]],
    [
      "the first is a short circuit",
      [
        { taskId: "a", kind: "short_circuit" },
        { taskId: "b", upstream: ["a"] },
      ],
    ],
    ["the second is isolated", [{ taskId: "a" }, { taskId: "b", upstream: ["a"], isolate: true }]],
    ["the second has a queue of its own", [{ taskId: "a" }, { taskId: "b", upstream: ["a"], queue: "heavy" }]],
    ["the second depends on the past", [{ taskId: "a" }, { taskId: "b", upstream: ["a"], dependsOnPast: true }]],
    ["the second has a limit", [{ taskId: "a" }, { taskId: "b", upstream: ["a"], maxActiveTisPerDagrun: 1 }]],
    [
      "the first is a setup",
      [
        { taskId: "a", isSetup: true },
        { taskId: "b", upstream: ["a"] },
      ],
    ],
  ];
  test.each(cases)("%s", (_name, tasks) => {
    expect(followerOf(started(tasks).run, 0)).toBeUndefined();
  });

  test("one of the two is not known to be short", () => {
    expect(followerOf(started(CHAIN, { a: 10 }).run, 0)).toBeUndefined();
    expect(followerOf(started(CHAIN, { b: 10 }).run, 0)).toBeUndefined();
    expect(followerOf(started(CHAIN, { a: 10, b: 1_000 }).run, 0)).toBeUndefined();
  });
});
