/**
 * @module Schedules that make no sense, drawn at random: each is taken, or refused with an error that names the DAG and what is wrong. None is an accident
 * of the code behind, and what was taken answers when it fires next.
 */
import * as fc from "fast-check";
import { expect, test } from "vitest";
import { AirflareError } from "../../src/model/error.ts";
import { checkTiming, nextFire } from "../../src/engine/run-schedule.ts";
import { nextDagRun } from "../../src/engine/timetable/next-dag-run.ts";
import { dag } from "../../src/index.ts";
import type { DagOptions } from "../../src/index.ts";
import type { ScheduleTiming } from "../../src/model/run-schedule.ts";

const NOW = Date.UTC(2026, 0, 10);
const YEAR_MS = 366 * 86_400_000;

/** Pieces of crons, right and wrong, in any order and number. */
const piece = fc.oneof(
  fc.constantFrom(
    "*",
    "?",
    "L",
    "W",
    "R",
    "#",
    "-",
    "/",
    ",",
    "0",
    "59",
    "60",
    "99999",
    "-1",
    "1-0",
    "*/0",
    "MON",
    "jan",
  ),
  fc.integer({ min: -5, max: 70 }).map(String),
  fc.string({ maxLength: 3 }),
);
const field = fc.array(piece, { minLength: 1, maxLength: 3 }).map((parts) => parts.join(""));
const cron = fc.oneof(
  fc.array(field, { maxLength: 8 }).map((fields) => fields.join(" ")),
  fc.constantFrom("@hourly", "@never", "", "   ", "@", "0 0 30 2 *", "0 0 31 2 *"),
);
const zone = fc.oneof(fc.constantFrom("UTC", "Europe/Berlin", "America/New_York"), fc.string({ maxLength: 12 }));

/** The code of the refusal, null when it was taken. Anything else that is thrown fails the test. */
function refusal(work: () => void): AirflareError | null {
  try {
    work();
    return null;
  } catch (error) {
    if (error instanceof AirflareError) return error;
    throw error;
  }
}

test("any text as a DAG's cron and zone", () => {
  fc.assert(
    fc.property(cron, zone, fc.boolean(), (text, timezone, catchup) => {
      const options: DagOptions = { schedule: { cron: text, timezone }, startDate: "2026-01-01", catchup };
      let next: number | null | undefined;
      const refused = refusal(() => {
        const { spec } = dag("drawn", options, () => {});
        next = nextDagRun(spec, null, NOW)?.runAfter ?? null;
      });
      if (refused === null) expect(next === null || Number.isSafeInteger(next)).toBe(true);
      else {
        expect(refused.code).toBe("invalid_dag");
        expect(refused.message).toMatch(/drawn/);
        expect(refused.message).toMatch(/schedule/);
      }
    }),
    { numRuns: 3_000 },
  );
});

test("any two dates as start and end, with and without catchup", () => {
  const date = fc.oneof(
    fc.integer({ min: NOW - YEAR_MS, max: NOW + YEAR_MS }).map((at) => new Date(at).toISOString()),
    fc.constantFrom("2026-02-30", "yesterday", "2026-13-01T00:00:00Z"),
    fc.constant(undefined),
  );
  fc.assert(
    fc.property(date, date, fc.boolean(), (startDate, endDate, catchup) => {
      const ends = endDate === undefined ? {} : { endDate };
      const starts = startDate === undefined ? {} : { startDate };
      const refused = refusal(() => dag("drawn", { schedule: "@daily", catchup, ...starts, ...ends }, () => {}));
      const isBad = [startDate, endDate].some((text) => text !== undefined && Number.isNaN(Date.parse(text)));
      const isBackwards =
        startDate !== undefined && endDate !== undefined && Date.parse(endDate) < Date.parse(startDate);
      if (isBad || isBackwards || (catchup && startDate === undefined)) expect(refused?.code).toBe("invalid_dag");
    }),
  );
});

test("any timing of a schedule made at run time", () => {
  const at = fc.integer({ min: NOW - YEAR_MS, max: NOW + YEAR_MS });
  const timing: fc.Arbitrary<ScheduleTiming> = fc.oneof(
    fc.record({ kind: fc.constant("cron" as const), cron, timezone: zone }),
    fc.record({ kind: fc.constant("every" as const), everyMs: fc.integer({ min: -5, max: 100_000 }), anchor: at }),
    fc.record({ kind: fc.constant("at" as const), at }),
  );
  fc.assert(
    fc.property(timing, fc.option(at), (drawn, endDate) => {
      const refused = refusal(() => checkTiming({ timing: drawn, endDate }, NOW));
      if (refused !== null) {
        expect(refused.code).toBe("invalid_schedule");
        return;
      }
      const next = nextFire({ timing: drawn, endDate, isPaused: false }, NOW);
      if (next !== null) expect(next > NOW && (endDate === null || next <= endDate)).toBe(true);
    }),
    { numRuns: 3_000 },
  );
});
