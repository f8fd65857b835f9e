/**
 * @module Fires of schedules made at run time, and what a new one may not say.
 */
import { describe, expect, test } from "vitest";
import { checkTiming, nextFire } from "../../../src/engine/run-schedule.ts";
import type { ScheduleTiming } from "../../../src/model/run-schedule.ts";

const at = (text: string): number => Date.parse(`2026-01-${text}Z`);
const NOW = at("10T10:00:00");
const cron = (text: string, timezone = "UTC"): ScheduleTiming => ({ kind: "cron", cron: text, timezone });

function next(timing: ScheduleTiming, after = NOW, endDate: number | null = null): string | null {
  const fire = nextFire({ timing, endDate, isPaused: false }, after);
  return fire === null ? null : new Date(fire).toISOString().slice(8, 19);
}

describe("the next fire", () => {
  test("a cron fires in its zone, strictly after the moment asked about", () => {
    expect(next(cron("0 * * * *"))).toBe("10T11:00:00");
    expect(next(cron("0 9 * * *", "Asia/Tokyo"))).toBe("11T00:00:00");
  });

  test("every counts from its anchor, whatever was missed", () => {
    const timing = { kind: "every", everyMs: 90_000, anchor: NOW } as const;
    expect(next(timing)).toBe("10T10:01:30");
    expect(next(timing, NOW + 90_000)).toBe("10T10:03:00");
    expect(next(timing, at("10T11:00:01"))).toBe("10T11:01:30");
  });

  test("at fires once", () => {
    const timing = { kind: "at", at: at("11T00:00:00") } as const;
    expect(next(timing)).toBe("11T00:00:00");
    expect(next(timing, timing.at)).toBeNull();
  });

  test("the end is inclusive, and a paused schedule does not fire", () => {
    expect(next(cron("0 * * * *"), NOW, at("10T11:00:00"))).toBe("10T11:00:00");
    expect(next(cron("0 * * * *"), NOW, at("10T10:59:59"))).toBeNull();
    expect(nextFire({ timing: cron("0 * * * *"), endDate: null, isPaused: true }, NOW)).toBeNull();
  });

  test("a cron that never fires is no error", () => {
    expect(() => checkTiming({ timing: cron("0 0 30 2 *"), endDate: null }, NOW)).not.toThrow();
    expect(next(cron("0 0 30 2 *"))).toBeNull();
  });
});

describe("what is refused", () => {
  test.each<[ScheduleTiming, number | null, string]>([
    [cron("61 * * * *"), null, "minute"],
    [cron("@once"), null, "@once"],
    [cron("0 * * * *", "Mars/Olympus"), null, 'timezone "Mars/Olympus" is no time zone'],
    [{ kind: "every", everyMs: 500, anchor: NOW }, null, "one second"],
    [{ kind: "at", at: NOW }, null, "at must be in the future"],
    [{ kind: "at", at: NOW + 2_000 }, NOW + 1_000, "end must not be before at"],
    [cron("0 * * * *"), NOW - 1, "end must be in the future"],
  ])("%j until %s: %s", (timing, endDate, why) => {
    const check = (): void => checkTiming({ timing, endDate }, NOW);
    expect(check).toThrow(expect.objectContaining({ code: "invalid_schedule", message: expect.stringContaining(why) }));
  });
});
