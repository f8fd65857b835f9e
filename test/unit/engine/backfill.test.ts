/**
 * @module The plan of a backfill: slots by the timetable, what existing runs mean, Airflow's refusals, the cap.
 */
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BACKFILL_SLOTS_MAX, backfillSlots, slotAction } from "../../../src/engine/backfill.ts";
import type { BackfillRequest } from "../../../src/model/backfill.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { aDagSpec, aTaskSpec } from "../../support/spec-builders.ts";

const DAILY = { kind: "cron-trigger", crons: ["0 0 * * *"], timezone: "UTC" } as const;
const at = (text: string): number => Date.parse(`${text}Z`);
const NOW = at("2026-03-01T12:00:00");

function request(from: string, to: string, over: Partial<BackfillRequest> = {}): BackfillRequest {
  return {
    fromDate: at(from),
    toDate: at(to),
    runBackwards: false,
    conf: null,
    reprocessBehavior: "none",
    maxActiveRuns: 10,
    ...over,
  };
}

function spec(over: Partial<DagSpec> = {}): DagSpec {
  return aDagSpec({ dagId: "dag", schedule: DAILY, ...over });
}

function dates(of: DagSpec, wanted: BackfillRequest, now = NOW): string[] {
  return backfillSlots(of, wanted, now).map(({ logicalDate }) => new Date(logicalDate).toISOString().slice(0, 16));
}

describe("the slots of a range", () => {
  test("both ends are inside, also before the DAG's start date and after its end", () => {
    const dag = spec({ startDate: at("2026-02-01T00:00:00"), endDate: at("2026-02-01T00:00:00") });
    expect(dates(dag, request("2026-01-01T00:00:00", "2026-01-03T00:00:00"))).toEqual([
      "2026-01-01T00:00",
      "2026-01-02T00:00",
      "2026-01-03T00:00",
    ]);
  });

  test("a range between two fires of the schedule has none", () => {
    expect(dates(spec(), request("2026-01-01T01:00:00", "2026-01-01T23:00:00"))).toEqual([]);
  });

  test("backwards is the same list from the end", () => {
    const range = ["2026-01-01T00:00:00", "2026-01-02T00:00:00"] as const;
    expect(dates(spec(), request(...range, { runBackwards: true }))).toEqual(["2026-01-02T00:00", "2026-01-01T00:00"]);
  });

  test("an interval that has not ended is left out", () => {
    const dag = spec({ schedule: { kind: "cron-data-interval", cron: "0 0 * * *", timezone: "UTC" } });
    const wanted = request("2026-02-27T00:00:00", "2026-03-05T00:00:00");
    expect(dates(dag, wanted)).toEqual(["2026-02-27T00:00", "2026-02-28T00:00"]);
    expect(dates(dag, wanted, at("2026-03-01T00:00:00"))).toEqual(["2026-02-27T00:00"]);
  });

  test("the zone of the schedule decides", () => {
    const dag = spec({ schedule: { ...DAILY, timezone: "Europe/Berlin" } });
    expect(dates(dag, request("2026-01-01T00:00:00", "2026-01-02T00:00:00"))).toEqual(["2026-01-01T23:00"]);
  });

  test("any two ranges that share an end give together what the whole range gives, each slot once", () => {
    const cron = fc.constantFrom("*/7 * * * *", "30 2 * * *", "0 */5 * * *", "15 4 * * 1-5", "0 0 1 * *");
    const zone = fc.constantFrom("UTC", "America/New_York", "Europe/Berlin", "Australia/Lord_Howe");
    const hours = fc.integer({ min: 0, max: 24 * 20 });
    fc.assert(
      fc.property(cron, zone, hours, hours, hours, (text, timezone, a, b, c) => {
        const [from = 0, split = 0, to = 0] = [a, b, c].toSorted((x, y) => x - y);
        const day = (hour: number): number => at("2025-10-20T00:00:00") + hour * 3_600_000;
        const dag = spec({ schedule: { kind: "cron-trigger", crons: [text], timezone } });
        const slots = (fromDate: number, toDate: number): number[] =>
          backfillSlots(dag, { ...request("2026-01-01T00:00:00", "2026-01-01T00:00:00"), fromDate, toDate }, NOW).map(
            ({ logicalDate }) => logicalDate,
          );
        const parts = [...slots(day(from), day(split)), ...slots(day(split) + 1, Math.max(day(to), day(split) + 1))];
        expect(parts.filter((slot) => slot <= day(to))).toEqual(slots(day(from), day(to)));
      }),
      { numRuns: 100 },
    );
  });
});

describe("existing runs", () => {
  test.each([
    [null, "none", "create"],
    ["queued", "completed", "in flight"],
    ["running", "none", "in flight"],
    ["success", "none", "already exists"],
    ["success", "failed", "already exists"],
    ["success", "completed", "reprocess"],
    ["failed", "none", "already exists"],
    ["failed", "failed", "reprocess"],
    ["failed", "completed", "reprocess"],
  ] as const)("a run that is %s under reprocess %s: %s", (state, reprocess, action) => {
    expect(slotAction(state, reprocess)).toBe(action);
  });
});

describe("refusals", () => {
  const refusal = (of: DagSpec, wanted: BackfillRequest): unknown => {
    try {
      return backfillSlots(of, wanted, NOW);
    } catch (error) {
      return error;
    }
  };

  test.each(["none", "once", "continuous"] as const)("a DAG with the schedule %s", (kind) => {
    expect(refusal(spec({ schedule: { kind } }), request("2026-01-01T00:00:00", "2026-01-02T00:00:00"))).toMatchObject({
      code: "invalid_backfill",
      message: "dag has a non-periodic schedule that does not support backfills",
    });
  });

  test("from after to, and a range in the future", () => {
    expect(refusal(spec(), request("2026-01-02T00:00:00", "2026-01-01T00:00:00"))).toMatchObject({
      message: "from_date (2026-01-02T00:00:00+00:00) must not be after to_date (2026-01-01T00:00:00+00:00).",
    });
    expect(refusal(spec(), request("2026-04-01T00:00:00", "2026-05-01T00:00:00"))).toMatchObject({
      message: "Backfill cannot be executed for future dates.",
    });
  });

  test("no run at a time", () => {
    expect(refusal(spec(), request("2026-01-01T00:00:00", "2026-01-02T00:00:00", { maxActiveRuns: 0 }))).toMatchObject({
      message: "max_active_runs (0) must be at least 1.",
    });
  });

  test("depends_on_past allows neither backwards nor leaving ended runs alone", () => {
    const dag = spec({ tasks: [aTaskSpec({ taskId: "a", dependsOnPast: true })] });
    const range = ["2026-01-01T00:00:00", "2026-01-02T00:00:00"] as const;
    expect(refusal(dag, request(...range, { runBackwards: true, reprocessBehavior: "failed" }))).toMatchObject({
      message: expect.stringContaining("cannot be run in reverse"),
    });
    expect(refusal(dag, request(...range))).toMatchObject({
      message: expect.stringContaining("must set reprocess behavior"),
    });
    expect(dates(dag, request(...range, { reprocessBehavior: "failed" }))).toHaveLength(2);
  });

  test("a million runs, with the size as far as it was counted", () => {
    const minutely = spec({ schedule: { kind: "cron-trigger", crons: ["* * * * *"], timezone: "UTC" } });
    const error = refusal(minutely, request("2024-01-01T00:00:00", "2026-01-01T00:00:00"));
    expect(error).toMatchObject({
      code: "invalid_backfill",
      message: `The range holds about 1052693 runs of DAG dag; a backfill may have at most ${BACKFILL_SLOTS_MAX}. Ask for a shorter range.`,
    });
    expect(refusal(minutely, request("2026-01-01T00:00:00", "2026-01-08T00:00:00"))).toMatchObject({
      message: expect.stringContaining("holds 10081 runs"),
    });
  });
});
