/**
 * @module Callbacks of task instances and runs: their context, their errors, their log.
 */
import { describe, expect, test } from "vitest";
import type { CallbackContext, DagCallbackContext } from "../../../src/dag/context.ts";
import type { ExecutableDag } from "../../../src/dag/executable-dag.ts";
import { encode } from "../../../src/lib/codec.ts";
import type { DagCallbackNotice, TaskCallbackNotice } from "../../../src/model/notice.ts";
import { runNotice } from "../../../src/runtime/run-notice.ts";
import { linesOf } from "../../support/attempt-runner.ts";
import { aDag, aHead, type FakePorts, fakePorts } from "../../support/runtime-fakes.ts";

function aMessage(command: Partial<TaskCallbackNotice> = {}): TaskCallbackNotice {
  const base = {
    kind: "task-callback",
    id: "c1",
    callback: "failure",
    ord: 0,
    taskId: "t",
    mapIndex: -1,
    tryNumber: 2,
    error: null,
    reason: null,
  } as const;
  return { ...base, ...command };
}

function aRunMessage(): DagCallbackNotice {
  return { kind: "dag-callback", id: "d1", callback: "failure", reason: "task_failure" };
}

async function run(
  notice: TaskCallbackNotice | DagCallbackNotice,
  dag: ExecutableDag,
  ports: FakePorts = fakePorts(),
): Promise<string> {
  return (await runNotice(notice, aHead(), null, dag, ports)).lines;
}

const taskDag = (...failure: readonly ((c: CallbackContext) => unknown)[]): ExecutableDag =>
  aDag({ t: { execute: () => undefined, callbacks: { failure } } });

describe("a task's callbacks", () => {
  test("get the instance, the exception and the reason", async () => {
    const seen: CallbackContext[] = [];
    const error = { code: "AirflowFailException", message: "negative", cause: { code: "TypeError", message: "inner" } };
    await run(
      aMessage({ error, reason: "failed", mapIndex: 3 }),
      taskDag((c) => seen.push(c)),
    );
    expect(seen[0]).toMatchObject({
      ti: { taskId: "t", mapIndex: 3, tryNumber: 2, maxTries: 1, idempotencyKey: "manual__1/t/3" },
      reason: "failed",
      dagRun: { runId: "manual__1" },
    });
    expect(seen[0]?.exception).toMatchObject({
      name: "AirflowFailException",
      code: "AirflowFailException",
      message: "negative",
    });
    expect(seen[0]?.exception?.cause).toMatchObject({ name: "TypeError", code: "TypeError", message: "inner" });
    expect(seen[0]?.exception).toBeInstanceOf(Error);
  });

  test("have no exception after a success", async () => {
    const seen: CallbackContext[] = [];
    await run(
      aMessage(),
      taskDag((c) => seen.push(c)),
    );
    expect(seen[0] !== undefined && "exception" in seen[0]).toBe(false);
  });

  test("run one after the other; an error in one is logged and stops no other", async () => {
    const calls: string[] = [];
    const log = await run(
      aMessage(),
      taskDag(
        async (c) => {
          await Promise.resolve();
          c.log.warn("first");
          console.log("printed");
          calls.push("first");
        },
        function second() {
          throw new Error("broken callback");
        },
        () => void calls.push("third"),
      ),
    );
    expect(calls).toEqual(["first", "third"]);
    expect(linesOf(log)).toMatchObject([
      { level: "warning", event: "first" },
      { event: "printed", logger: "task.stdout" },
      { level: "error", event: expect.stringMatching(/second\nError: broken callback/) },
    ]);
  });

  test("read XComs of the run but push none", async () => {
    const ports = fakePorts();
    ports.run.xcoms.push({ taskId: "up", mapIndex: -1, key: "return_value", value: { in: "inline", text: encode(5) } });
    const seen: unknown[] = [];
    const log = await run(
      aMessage(),
      taskDag(async (c) => {
        seen.push(await c.ti.xcomPull("up"));
        await c.ti.xcomPush("k", 1);
      }),
      ports,
    );
    expect(seen).toEqual([5]);
    expect(linesOf(log)).toMatchObject([{ level: "error", event: expect.stringContaining("cannot push an XCom") }]);
  });

  test("that hang are given up after a minute", async () => {
    const ports = fakePorts();
    const log = run(
      aMessage(),
      taskDag(() => new Promise(() => undefined)),
      ports,
    );
    await ports.clock.advance(60_000);
    expect(linesOf(await log)).toMatchObject([{ level: "error", event: expect.stringContaining("60 s") }]);
  });

  test("that are gone from the code are logged", async () => {
    expect(linesOf(await run(aMessage({ taskId: "gone" }), aDag({})))).toMatchObject([
      { level: "error", event: expect.stringContaining("gone") },
    ]);
  });

  test("report their metrics", async () => {
    const names: string[] = [];
    const ports = fakePorts({ metrics: (metrics) => names.push(...metrics.map(({ name }) => name)) });
    await run(
      aMessage(),
      taskDag((c) => c.stats.incr("custom.failures")),
      ports,
    );
    expect(names).toEqual(["custom.failures"]);
  });
});

test("a run's callbacks get the reason and no task instance", async () => {
  const seen: DagCallbackContext[] = [];
  await run(aRunMessage(), aDag({}, { callbacks: { failure: [(c) => seen.push(c)] } }));
  expect(seen[0]).toMatchObject({ reason: "task_failure", dagRun: { runId: "manual__1" }, dag: { dagId: "etl" } });
  expect(seen[0]?.ti).toBeUndefined();
});
