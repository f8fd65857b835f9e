/**
 * @module SLAs and deadlines in the engine: whose clock, when they are judged, what blocks, once; and the mails and callbacks of every way to fail.
 */
import { describe, expect, it } from "vitest";
import type { Command } from "../../../../src/model/command.ts";
import type { DagRunHead } from "../../../../src/model/dag-run.ts";
import { EngineRun, FAILED, SKIPPED, type Task } from "../engine-run.ts";

const MINUTE = 60_000;
/** Scheduled start of the runs here: the end of their interval. */
const START = 100 * MINUTE;
const SCHEDULED: Partial<DagRunHead> = {
  runType: "scheduled",
  logicalDate: 40 * MINUTE,
  dataIntervalStart: 40 * MINUTE,
  dataIntervalEnd: START,
  runAfter: START,
};

function started(
  tasks: readonly Task[],
  dag: ConstructorParameters<typeof EngineRun>[1] = {},
  head: Partial<DagRunHead> = SCHEDULED,
): EngineRun {
  const run = new EngineRun(tasks, dag, {}, head);
  run.now = START + 1000;
  run.start();
  return run;
}

function told(run: EngineRun, kind: Command["kind"]): readonly Command[] {
  return (run.last?.commands ?? []).filter((command) => command.kind === kind);
}

describe("an SLA", () => {
  it("counts from the run's scheduled start (interval end), not from the task's", () => {
    const run = started([{ taskId: "a", slaMs: MINUTE }]);
    expect(run.last?.nextWakeAt).toBe(START + MINUTE);
    run.timer(START + MINUTE - 1);
    expect(told(run, "sla-miss")).toEqual([]);
    run.timer(START + MINUTE);
    expect(told(run, "sla-miss")).toMatchObject([
      {
        id: `sla@${START + MINUTE}`,
        misses: [{ taskId: "a", at: START + MINUTE }],
        blocking: [{ taskId: "a", mapIndex: -1, state: "queued" }],
      },
    ]);
    expect(run.instance("a").state).toBe("queued");
  });

  it("is told once, also when the run is cleared later", () => {
    const run = started([{ taskId: "a", slaMs: MINUTE }]);
    run.timer(START + MINUTE);
    expect(told(run, "sla-miss")).toHaveLength(1);
    run.timer(START + 2 * MINUTE);
    expect(told(run, "sla-miss")).toEqual([]);
    run.finish("a");
    run.clear({ select: [{ taskId: "a" }], resetDagRun: true });
    run.timer(START + 3 * MINUTE);
    expect(told(run, "sla-miss")).toEqual([]);
  });

  it.each([
    ["success", undefined],
    ["skipped", SKIPPED],
  ] as const)("is kept by a task that is %s in time, and the run then sleeps", (_state, outcome) => {
    const run = started([{ taskId: "a", slaMs: MINUTE }]);
    run.finish("a", outcome);
    expect(run.last?.nextWakeAt).toBeNull();
    run.timer(START + MINUTE);
    expect(run.last?.commands).toEqual([]);
  });

  it("is missed by a report that comes too late, before the alarm did", () => {
    const run = started([{ taskId: "a", slaMs: MINUTE }]);
    run.claim("a");
    run.now = START + MINUTE;
    run.finish("a");
    expect(run.instance("a").state).toBe("success");
    expect(told(run, "sla-miss")).toHaveLength(1);
  });

  it("is missed by a task that has failed, though the run is over", () => {
    const run = started([{ taskId: "a", slaMs: MINUTE }]);
    run.finish("a", FAILED);
    expect(run.run.head.state).toBe("failed");
    expect(run.last?.nextWakeAt).toBe(START + MINUTE);
    run.timer(START + MINUTE);
    expect(told(run, "sla-miss")).toMatchObject([{ blocking: [{ taskId: "a", state: "failed" }] }]);
    expect(run.last?.nextWakeAt).toBeNull();
  });

  it("is missed by a run that still waits to be started", () => {
    const run = new EngineRun([{ taskId: "a", slaMs: MINUTE }], {}, {}, SCHEDULED);
    run.timer(START + MINUTE);
    expect(told(run, "sla-miss")).toHaveLength(1);
  });

  it("of several tasks is told per batch, with everything that is no success as blocking and all addresses", () => {
    const run = started([
      { taskId: "a", slaMs: MINUTE, email: ["x@example.com"] },
      { taskId: "b", slaMs: MINUTE, email: ["x@example.com", "y@example.com"] },
      { taskId: "c", slaMs: 2 * MINUTE },
      { taskId: "d" },
    ]);
    run.finish("d");
    run.timer(START + MINUTE);
    expect(told(run, "sla-miss")).toMatchObject([
      {
        misses: [{ taskId: "a" }, { taskId: "b" }],
        blocking: [{ taskId: "a" }, { taskId: "b" }, { taskId: "c" }],
        mail: { kind: "sla-mail", to: ["x@example.com", "y@example.com"] },
      },
    ]);
    run.timer(START + 2 * MINUTE);
    expect(told(run, "sla-miss")).toMatchObject([{ misses: [{ taskId: "c" }] }]);
  });

  it("counts for scheduled runs only, unless the DAG asks for all: then from when the run is due", () => {
    const manual: Partial<DagRunHead> = { runType: "manual", runAfter: START };
    const plain = started([{ taskId: "a", slaMs: MINUTE }], {}, manual);
    plain.timer(START + MINUTE);
    expect(told(plain, "sla-miss")).toEqual([]);
    const all = started([{ taskId: "a", slaMs: MINUTE }], { slaRuns: "all" }, manual);
    all.timer(START + MINUTE);
    expect(told(all, "sla-miss")).toHaveLength(1);
  });

  it("costs a DAG without one nothing", () => {
    const run = started([{ taskId: "a" }]);
    run.timer(START + 1_000_000);
    expect(run.run.head).not.toHaveProperty("toldUntil");
  });
});

describe("a deadline", () => {
  const deadline = (reference: object, intervalMs = MINUTE) => ({ deadlines: [{ reference, intervalMs }] }) as never;

  it.each([
    ["logical date", { kind: "logical_date" }, { logicalDate: START + MINUTE }, START + 2 * MINUTE],
    ["queued at", { kind: "queued_at" }, { queuedAt: START }, START + MINUTE],
    ["fixed datetime", { kind: "fixed", at: START + 5 * MINUTE }, {}, START + 6 * MINUTE],
    [
      "average run time",
      { kind: "average_runtime", maxRuns: 5, minRuns: 5 },
      { queuedAt: START, averageRunMs: 7 * MINUTE },
      START + 8 * MINUTE,
    ],
  ])("by %s is missed at reference + interval, once", (_name, reference, head, at) => {
    const run = started([{ taskId: "a" }], deadline(reference), head);
    run.timer(at - 1);
    expect(told(run, "deadline-miss")).toEqual([]);
    run.timer(at);
    expect(told(run, "deadline-miss")).toMatchObject([{ id: `deadline:0@${at}`, index: 0, at }]);
    run.timer(at + 1);
    expect(told(run, "deadline-miss")).toEqual([]);
  });

  it("does not exist without its reference", () => {
    const none = { logicalDate: null };
    expect(started([{ taskId: "a" }], deadline({ kind: "logical_date" }), none).run.head.toldUntil).toBeUndefined();
    const few = deadline({ kind: "average_runtime", maxRuns: 5, minRuns: 5 });
    expect(started([{ taskId: "a" }], few, {}).run.head.toldUntil).toBeUndefined();
  });

  it("is kept by a success in time, not by a failure", () => {
    const kept = started([{ taskId: "a" }], deadline({ kind: "queued_at" }), { queuedAt: START });
    kept.finish("a");
    expect(kept.last?.nextWakeAt).toBeNull();
    const failed = started([{ taskId: "a" }], deadline({ kind: "queued_at" }), { queuedAt: START });
    failed.finish("a", FAILED);
    failed.timer(START + MINUTE);
    expect(told(failed, "deadline-miss")).toHaveLength(1);
  });
});

describe("callbacks and mails, once per event on every path", () => {
  const task: Task = { taskId: "a", callbacks: ["failure", "retry"], email: ["x@example.com"], retryDelayMs: 0 };
  const kinds = (run: EngineRun): unknown[] =>
    (run.last?.commands ?? []).flatMap((command) =>
      command.kind === "task-callback" ? [[command.callback, command.mail?.about]] : [],
    );

  it("at a retry and at the final failure", () => {
    const run = started([{ ...task, retries: 1 }]);
    run.finish("a", FAILED);
    expect(kinds(run)).toEqual([["retry", "retry"]]);
    run.timer(run.now + 1);
    run.finish("a", FAILED);
    expect(kinds(run)).toEqual([["failure", "failure"]]);
  });

  it("when the worker is lost too often", () => {
    const run = started([task]);
    for (let i = 0; i <= 5; i += 1) {
      run.claim("a");
      run.event({ kind: "attempts-lost", tokens: [run.token("a")], reason: "gone" });
    }
    expect(run.instance("a").state).toBe("failed");
    expect(kinds(run)).toEqual([["failure", "failure"]]);
  });

  it("when the run is cancelled or the task marked failed", () => {
    const cancelled = started([task]);
    cancelled.claim("a");
    cancelled.event({ kind: "run-cancelled", by: "ann" });
    expect(kinds(cancelled)).toEqual([["failure", "failure"]]);
    const marked = started([task]);
    marked.mark("a", "failed");
    expect(kinds(marked)).toEqual([["failure", "failure"]]);
  });

  it("not for upstream_failed, and no mail for a skip", () => {
    const run = started([{ taskId: "up" }, { ...task, upstream: ["up"] }]);
    run.finish("up", FAILED);
    expect(run.instance("a").state).toBe("upstream_failed");
    expect(kinds(run)).toEqual([]);
    const skipped = started([{ ...task, callbacks: ["skipped"] }]);
    skipped.finish("a", SKIPPED);
    expect(kinds(skipped)).toEqual([["skipped", undefined]]);
  });

  it("a mail without a callback goes by itself; none without addresses or when it is switched off", () => {
    const mails = (more: Partial<Task>): number => {
      const run = started([{ taskId: "a", email: ["x@example.com"], ...more }]);
      run.finish("a", FAILED);
      return told(run, "task-mail").length;
    };
    expect([mails({}), mails({ email: [] }), mails({ emailOnFailure: false })]).toEqual([1, 0, 0]);
    expect([mails({ retries: 1 }), mails({ retries: 1, emailOnRetry: false })]).toEqual([1, 0]);
  });
});
