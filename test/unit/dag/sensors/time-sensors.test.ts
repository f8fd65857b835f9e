/**
 * @module Sensors that wait for a time: when they are done, and when they look again.
 */
import { describe, expect, test } from "vitest";
import { dag, dateTimeSensor, dayOfWeek, timeDelta, timeSensor, type Context } from "../../../../src/index.ts";
import { withOutside } from "../../../../src/dag/outside.ts";
import { testContext } from "../../../../src/testing.ts";

const at = (text: string): number => Date.parse(text);

/** What one poke at `now` answers: true, or the time of the next one. */
async function poke(
  place: () => unknown,
  now: string,
  {
    timezone = "UTC",
    context = {},
    firstPokedAt = now,
  }: { timezone?: string; context?: Parameters<typeof testContext>[0]; firstPokedAt?: string } = {},
): Promise<unknown> {
  const built = dag("waiting", { schedule: null, timezone }, () => void place());
  const outside = {
    now: () => at(now),
    firstPokedAt: at(firstPokedAt),
    timeoutAt: null,
    trigger: async () => ({ runId: "", logicalDate: null, isNew: true }),
    observe: () => Promise.reject(new Error("no other DAGs")),
  };
  const ctx: Context = withOutside(testContext(context), outside);
  const answer = await built.executable.handlers.get("wait")?.execute({}, ctx);
  const again = answer as { at?: number };
  return answer === true || again.at === undefined
    ? answer
    : Number.isFinite(again.at)
      ? new Date(again.at).toISOString()
      : again.at;
}

describe("dateTimeSensor", () => {
  test("is done after the time, not at it, and looks again right then", async () => {
    const place = () => dateTimeSensor("wait", { targetTime: () => "2026-01-01T11:00:00Z" });
    expect(await poke(place, "2026-01-01T10:00:00Z")).toBe("2026-01-01T11:00:00.001Z");
    expect(await poke(place, "2026-01-01T11:00:00Z")).toBe("2026-01-01T11:00:00.001Z");
    expect(await poke(place, "2026-01-01T11:00:00.001Z")).toBe(true);
  });

  test("takes dates, text without a zone as UTC, and the run's own date", async () => {
    const context = { logicalDate: new Date("2026-03-01T00:00:00Z") };
    const next = (targetTime: (ctx: Context) => string | Date) =>
      poke(
        () => dateTimeSensor("wait", { targetTime: targetTime as (ctx: Context) => string }),
        "2026-01-01T00:00:00Z",
        { context },
      );
    expect(await next(() => new Date("2026-02-01T00:00:00Z"))).toBe("2026-02-01T00:00:00.001Z");
    expect(await next(() => "2026-02-01 06:00")).toBe("2026-02-01T06:00:00.001Z");
    expect(await next((ctx) => `${ctx.ds}T06:00:00+02:00`)).toBe("2026-03-01T04:00:00.001Z");
    await expect(next(() => "soon")).rejects.toThrow('targetTime of task test is no date: "soon".');
  });
});

describe("timeSensor", () => {
  test("waits for the time of today in the DAG's zone", async () => {
    const place = () => timeSensor("wait", { targetTime: "06:30" });
    expect(await poke(place, "2026-01-01T05:00:00Z")).toBe("2026-01-01T06:30:00.001Z");
    expect(await poke(place, "2026-01-01T07:00:00Z")).toBe(true);
    expect(await poke(place, "2026-01-01T05:00:00Z", { timezone: "Europe/Berlin" })).toBe("2026-01-01T05:30:00.001Z");
    // In Tokyo it is the next day already.
    expect(await poke(place, "2026-01-01T20:00:00Z", { timezone: "Asia/Tokyo" })).toBe("2026-01-01T21:30:00.001Z");
  });

  test("a poke that comes after midnight means the day of the first one", async () => {
    const place = () => timeSensor("wait", { targetTime: "23:59:59" });
    expect(await poke(place, "2026-01-02T00:00:05Z", { firstPokedAt: "2026-01-01T22:00:00Z" })).toBe(true);
  });
});

test("timeDelta counts from the end of the data interval, of a run without one from run_after", async () => {
  const place = () => timeDelta("wait", { delta: "90m" });
  const dates = {
    runAfter: new Date("2026-01-01T03:00:00Z"),
    dataInterval: { start: new Date(0), end: new Date("2026-01-01T02:00:00Z") },
  };
  expect(await poke(place, "2026-01-01T02:00:00Z", { context: { dagRun: dates } })).toBe("2026-01-01T03:30:00.001Z");
  expect(await poke(place, "2026-01-01T03:31:00Z", { context: { dagRun: dates } })).toBe(true);
  const without = { ...dates, dataInterval: { start: null, end: null } };
  expect(await poke(place, "2026-01-01T03:31:00Z", { context: { dagRun: without } })).toBe("2026-01-01T04:30:00.001Z");
});

describe("dayOfWeek", () => {
  test("is done on one of the days, else looks again at midnight", async () => {
    const place = () => dayOfWeek("wait", { weekDay: ["Saturday", "SUNDAY"] });
    expect(await poke(place, "2026-01-03T12:00:00Z")).toBe(true);
    expect(await poke(place, "2026-01-04T12:00:00Z")).toBe(true);
    expect(await poke(place, "2026-01-05T12:00:00Z")).toBe("2026-01-06T00:00:00.000Z");
  });

  test("useTaskLogicalDate compares the run's date, which no waiting changes", async () => {
    const place = () => dayOfWeek("wait", { weekDay: "friday", useTaskLogicalDate: true });
    const context = (day: string) => ({ context: { logicalDate: new Date(day) } });
    expect(await poke(place, "2026-01-05T12:00:00Z", context("2026-01-02"))).toBe(true);
    expect(await poke(place, "2026-01-05T12:00:00Z", context("2026-01-03"))).toBe(Number.POSITIVE_INFINITY);
  });
});
