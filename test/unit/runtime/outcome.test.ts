/**
 * @module What a task returns or throws, as an outcome.
 */
import { describe, expect, test } from "vitest";
import {
  AirflowException,
  AirflowFailException,
  AirflowRescheduleException,
  AirflowSensorTimeout,
  AirflowSkipException,
} from "../../../src/dag/exceptions.ts";
import { encode } from "../../../src/lib/codec.ts";
import type { AttemptOutcome } from "../../../src/model/outcome.ts";
import type { AttemptOrder } from "../../../src/model/protocol.ts";
import { attemptReport, linesOf } from "../../support/attempt-runner.ts";
import { aDag, anOrder, START } from "../../support/runtime-fakes.ts";

async function outcomeOf(execute: () => unknown, over: Partial<AttemptOrder> = {}): Promise<AttemptOutcome> {
  return (await attemptReport(anOrder("t", over), aDag({ t: execute }))).outcome;
}

const inline = (key: string, value: unknown) => ({ key, value: { in: "inline", text: encode(value) } });
const thrower = (thrown: unknown) => (): never => {
  throw thrown;
};

describe("a returned value", () => {
  const CASES: readonly (readonly [string, unknown, Partial<AttemptOrder>, unknown])[] = [
    ["is pushed as return_value", { a: 1 }, {}, { kind: "success", xcoms: [inline("return_value", { a: 1 })] }],
    ["undefined pushes nothing", undefined, {}, { kind: "success", xcoms: [] }],
    ["null is a value", null, {}, { kind: "success", xcoms: [inline("return_value", null)] }],
    ["is not pushed without doXcomPush", 1, { doXcomPush: false }, { kind: "success", xcoms: [] }],
    [
      "with its length where one is asked for",
      [1, 2],
      { reportLengths: ["return_value"] },
      { lengths: { return_value: 2 } },
    ],
    [
      "cannot be mapped over when it is a text",
      "ab",
      { reportLengths: ["return_value"] },
      { lengths: { return_value: null } },
    ],
    [
      "cannot be mapped over when there is none",
      undefined,
      { reportLengths: ["return_value"] },
      { lengths: { return_value: null } },
    ],
    [
      "leaves lengths out in an instance without one",
      undefined,
      { mapIndex: 1, reportLengths: ["return_value"] },
      { lengths: {} },
    ],
    [
      "is split with multipleOutputs",
      { a: 1, b: "x" },
      { multipleOutputs: true },
      { xcoms: [inline("a", 1), inline("b", "x"), inline("return_value", { a: 1, b: "x" })] },
    ],
    [
      "is split when it is a map",
      new Map([["a", 1]]),
      { multipleOutputs: true },
      { xcoms: [inline("a", 1), inline("return_value", new Map([["a", 1]]))] },
    ],
    [
      "with multipleOutputs must be an object",
      [1],
      { multipleOutputs: true },
      {
        kind: "failed",
        retry: true,
        error: { code: "AirflowException", message: expect.stringContaining("multipleOutputs") },
      },
    ],
    [
      "with multipleOutputs must have texts as keys",
      new Map([[1, 1]]),
      { multipleOutputs: true },
      { kind: "failed", error: { message: expect.stringContaining("keys must be texts") } },
    ],
    [
      "must be storable",
      { deep: { cb: () => 1 } },
      {},
      {
        kind: "failed",
        retry: true,
        error: { code: "xcom_not_serializable", message: expect.stringContaining("value.deep.cb is a function") },
      },
    ],
  ];
  test.each(CASES)("%s", async (_name, value, over, outcome) => {
    expect(await outcomeOf(() => value, over)).toMatchObject(outcome as object);
  });
});

describe("a branch", () => {
  const CASES: readonly (readonly [string, unknown, readonly string[]])[] = [
    ["one id", "a", ["a"]],
    ["a list, each once", ["a", "b", "a"], ["a", "b"]],
    ["a set", new Set(["a"]), ["a"]],
    ["null skips all", null, []],
    ["undefined skips all", undefined, []],
    ["an empty list skips all", [], []],
  ];
  test.each(CASES)("follows %s", async (_name, value, follow) => {
    expect(await outcomeOf(() => value, { kind: "branch" })).toMatchObject({ kind: "success", follow });
  });

  test.each([5, true, { a: 1 }, ["a", 1]])("answering %j fails", async (value) => {
    const outcome = await outcomeOf(() => value, { kind: "branch" });
    expect(outcome).toMatchObject({
      kind: "failed",
      error: { message: expect.stringContaining("Branch t must answer") },
    });
  });
});

describe("a short circuit", () => {
  const EMPTY: readonly (readonly [string, unknown])[] = [
    ["false", false],
    ["zero", 0],
    ["big zero", 0n],
    ["empty text", ""],
    ["null", null],
    ["undefined", undefined],
    ["empty list", []],
    ["empty object", {}],
    ["empty map", new Map()],
    ["empty set", new Set()],
    ["no bytes", new Uint8Array()],
  ];
  test.each(EMPTY)("stops on %s", async (_name, value) => {
    const outcome = await outcomeOf(() => value, { kind: "short_circuit" });
    expect(outcome).toMatchObject({ kind: "success", shortCircuited: true });
  });

  const FULL: readonly (readonly [string, unknown])[] = [
    ["true", true],
    ["a number", 1],
    ["a text", "x"],
    ["a list", [0]],
    ["an object", { a: undefined }],
    ["a date", new Date(0)],
  ];
  test.each(FULL)("goes on on %s", async (_name, value) => {
    const outcome = await outcomeOf(() => value, { kind: "short_circuit" });
    expect(outcome).toMatchObject({ kind: "success", shortCircuited: false });
  });
});

describe("a thrown value", () => {
  const cyclic = new Error("round");
  cyclic.cause = cyclic;
  const CASES: readonly (readonly [string, unknown, unknown])[] = [
    [
      "an error is retried by policy",
      new TypeError("bad"),
      { kind: "failed", retry: true, error: { code: "TypeError", message: "bad" } },
    ],
    [
      "AirflowException",
      new AirflowException("x"),
      { kind: "failed", retry: true, error: { code: "AirflowException" } },
    ],
    [
      "AirflowFailException is not retried",
      new AirflowFailException("x"),
      { kind: "failed", retry: false, error: { code: "AirflowFailException" } },
    ],
    ["AirflowSensorTimeout is not retried", new AirflowSensorTimeout("x"), { kind: "failed", retry: false }],
    [
      "AirflowSkipException skips",
      new AirflowSkipException("nothing to do"),
      { kind: "skipped", reason: "nothing to do" },
    ],
    [
      "AirflowRescheduleException",
      new AirflowRescheduleException(new Date(START + 5)),
      { kind: "reschedule", at: START + 5 },
    ],
    [
      "a reschedule to no date fails",
      { code: "AirflowRescheduleException", message: "?" },
      { kind: "failed", retry: true },
    ],
    [
      "a signal of another copy of the package",
      { code: "AirflowSkipException", message: "far" },
      { kind: "skipped", reason: "far" },
    ],
    ["a text", "broken", { kind: "failed", retry: true, error: { code: "Error", message: "broken" } }],
    ["nothing", undefined, { kind: "failed", retry: true, error: { message: "undefined" } }],
    [
      "a cause is kept",
      new Error("outer", { cause: new RangeError("inner") }),
      { error: { cause: { code: "RangeError", message: "inner" } } },
    ],
    ["its own cause", cyclic, { kind: "failed", error: { message: "round" } }],
  ];
  test.each(CASES)("%s", async (_name, thrown, outcome) => {
    expect(await outcomeOf(thrower(thrown))).toMatchObject(outcome as object);
    expect(await outcomeOf(async () => thrower(thrown)())).toMatchObject(outcome as object);
  });

  test("keeps what was pushed before it, and its stack goes to the log, not to the outcome", async () => {
    const dag = aDag({
      t: async (_input, ctx) => {
        await ctx.ti.xcomPush("seen", 1);
        throw new Error("late");
      },
    });
    const { outcome, log } = await attemptReport(anOrder("t"), dag);
    expect(outcome).toEqual({
      kind: "failed",
      retry: true,
      error: { code: "Error", message: "late" },
      xcoms: [inline("seen", 1)],
    });
    expect(linesOf(log)).toMatchObject([
      { level: "error", event: expect.stringMatching(/^Task failed with exception\nError: late\n +at /) },
    ]);
  });
});
