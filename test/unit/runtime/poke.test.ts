/**
 * @module What a poke means: done, again, timed out; and which errors the sensor's options turn into a skip.
 */
import { describe, expect, test } from "vitest";
import { AirflowFailException, AirflowSkipException, AirflowTaskTimeout } from "../../../src/dag/exceptions.ts";
import { done } from "../../../src/dag/sensors/done.ts";
import { pokeAnswered, type PokeScope, pokeThrew } from "../../../src/runtime/poke.ts";
import { aSensor, START } from "../../support/runtime-fakes.ts";

function scope(over: Parameters<typeof aSensor>[0] = {}): PokeScope {
  return { dagId: "etl", taskId: "wait", sensor: aSensor(over), startedAt: START };
}

describe("an answer", () => {
  const TRUE: readonly (readonly [unknown, unknown])[] = [
    [true, undefined],
    ["text", undefined],
    [[0], undefined],
    [done({ key: "k" }), { key: "k" }],
    [done(false), false],
    [done(undefined), undefined],
  ];
  test.each(TRUE)("%j is done", (answer, value) => {
    expect(pokeAnswered(answer, scope(), START)).toEqual({ kind: "done", value });
  });

  test.each([false, undefined, null, 0, "", [], {}])("%j pokes again after the interval", (answer) => {
    expect(pokeAnswered(answer, scope({ pokeIntervalMs: 5_000 }), START + 10)).toEqual({
      kind: "again",
      at: START + 5_010,
    });
  });
});

describe("the time-out", () => {
  const HOUR = 3_600_000;
  test("counts from the first poke, over tries, and is tested after a false poke", () => {
    const late = scope({ timeoutMs: HOUR, firstPokedAt: START - HOUR });
    expect(pokeAnswered(false, late, START)).toMatchObject({ kind: "again" });
    expect(() => pokeAnswered(false, late, START + 1)).toThrow(
      expect.objectContaining({ code: "AirflowSensorTimeout" }),
    );
    expect(pokeAnswered(true, late, START + HOUR)).toMatchObject({ kind: "done" });
  });

  test("of the very first poke counts from its start", () => {
    expect(() => pokeAnswered(false, scope({ timeoutMs: 10 }), START + 11)).toThrow("run duration of 0.011 seconds");
  });

  test("skips with softFail, fails with neverFail", () => {
    expect(() => pokeAnswered(false, scope({ timeoutMs: 0, softFail: true }), START + 1)).toThrow(
      expect.objectContaining({ code: "AirflowSkipException" }),
    );
    expect(() => pokeAnswered(false, scope({ timeoutMs: 0, neverFail: true }), START + 1)).toThrow(
      expect.objectContaining({ code: "AirflowSensorTimeout" }),
    );
  });
});

describe("an error", () => {
  const plain = new Error("the API is down");
  const fail = new AirflowFailException("never again");
  const late = new AirflowTaskTimeout("too slow");
  const skip = new AirflowSkipException("not today");
  const CASES: readonly (readonly [string, unknown, Parameters<typeof aSensor>[0], string])[] = [
    ["plain", plain, {}, "the API is down"],
    ["plain, softFail", plain, { softFail: true }, "the API is down"],
    ["plain, neverFail", plain, { neverFail: true }, "neverFail"],
    ["fail exception", fail, {}, "never again"],
    ["fail exception, softFail", fail, { softFail: true }, "softFail"],
    ["fail exception, neverFail", fail, { neverFail: true }, "neverFail"],
    ["fail exception, silentFail", fail, { silentFail: true }, "never again"],
    ["execution time-out, softFail", late, { softFail: true }, "softFail"],
    ["skip", skip, { neverFail: true }, "not today"],
    [
      "of another copy of the package",
      { code: "AirflowFailException", message: "far" },
      { softFail: true },
      "softFail",
    ],
  ];
  test.each(CASES)("%s", (_name, thrown, over, message) => {
    const judged = (): unknown => pokeThrew(thrown, scope(over), START, () => undefined);
    expect(judged).toThrow(expect.objectContaining({ message: expect.stringContaining(message) }));
  });

  test("with silentFail is logged and counts as a false poke, time-out included", () => {
    const logged: unknown[] = [];
    const poke = (timeoutMs: number): unknown =>
      pokeThrew(plain, scope({ silentFail: true, timeoutMs }), START + 5, (error) => logged.push(error));
    expect(poke(60_000)).toEqual({ kind: "again", at: START + 60_005 });
    expect(() => poke(1)).toThrow(expect.objectContaining({ code: "AirflowSensorTimeout" }));
    expect(logged).toEqual([plain, plain]);
  });
});

describe("exponential backoff", () => {
  const waitOf = (over: Parameters<typeof aSensor>[0]): number => {
    const result = pokeAnswered(
      false,
      scope({ exponentialBackoff: true, firstPokedAt: START, timeoutMs: 604_800_000, ...over }),
      START,
    );
    return result.kind === "again" ? (result.at - START) / 1000 : Number.NaN;
  };

  test.each([1, 2, 3, 4, 5, 6])("poke %i waits between half the interval doubled and twice that", (poke) => {
    const base = Math.trunc(60 * 2 ** (poke - 2));
    const wait = waitOf({ pokes: poke - 1 });
    expect(wait).toBeGreaterThanOrEqual(base);
    expect(wait).toBeLessThan(2 * base);
    expect(waitOf({ pokes: poke - 1 })).toBe(wait);
  });

  test("ends at maxWait", () => {
    expect(waitOf({ pokes: 12, maxWaitMs: 90_000 })).toBe(90);
  });

  test("never goes beyond the time-out", () => {
    expect(waitOf({ pokes: 12, timeoutMs: 100_000 })).toBe(100);
  });

  test("waits a second at least", () => {
    expect(waitOf({ pokes: 0, pokeIntervalMs: 100 })).toBe(1);
  });
});
