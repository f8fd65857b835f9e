/**
 * @module What a cron expression may say, and how a wrong one is named.
 */
import { describe, expect, test } from "vitest";
import { parseCron } from "../../../../src/engine/timetable/cron-expression.ts";
import { nextWall, previousWall } from "../../../../src/engine/timetable/cron-search.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const iso = (wall: number | null): string | null => (wall === null ? null : new Date(wall).toISOString().slice(0, 19));

describe("fires", () => {
  test.each([
    ["0 2 * * *", "2026-01-01T02:00:00", "2026-01-02T02:00:00", "2025-12-31T02:00:00"],
    ["0 2 * * 1", "2026-01-01T00:00:00", "2026-01-05T02:00:00", "2025-12-29T02:00:00"],
    ["0 0 * * 7", "2026-01-01T00:00:00", "2026-01-04T00:00:00", "2025-12-28T00:00:00"],
    ["0 0 13 * 5", "2026-01-01T00:00:00", "2026-01-02T00:00:00", "2025-12-26T00:00:00"],
    ["0 0 L * *", "2024-02-10T00:00:00", "2024-02-29T00:00:00", "2024-01-31T00:00:00"],
    ["0 0 * * L5", "2026-01-01T00:00:00", "2026-01-30T00:00:00", "2025-12-26T00:00:00"],
    ["0 0 * * fri#2", "2026-01-01T00:00:00", "2026-01-09T00:00:00", "2025-12-12T00:00:00"],
    ["0 0 15W * *", "2026-02-01T00:00:00", "2026-02-16T00:00:00", "2026-01-15T00:00:00"],
    ["0 0 1W * *", "2025-10-31T00:00:00", "2025-11-03T00:00:00", "2025-10-01T00:00:00"],
    ["0 22-2 * * *", "2026-01-01T02:00:00", "2026-01-01T22:00:00", "2026-01-01T01:00:00"],
    ["0 0 * * sat-sun", "2026-01-01T00:00:00", "2026-01-03T00:00:00", "2025-12-28T00:00:00"],
    ["*/61 * * * *", "2026-01-01T00:30:00", "2026-01-01T01:00:00", "2026-01-01T00:00:00"],
    ["5/20 * * * *", "2026-01-01T00:30:00", "2026-01-01T00:45:00", "2026-01-01T00:25:00"],
    ["0 0 ? * 2", "2026-01-01T00:00:00", "2026-01-06T00:00:00", "2025-12-30T00:00:00"],
    ["0 0 29 2 *", "2026-01-01T00:00:00", "2028-02-29T00:00:00", "2024-02-29T00:00:00"],
    ["* * * * * */20", "2026-01-01T00:00:05", "2026-01-01T00:00:20", "2026-01-01T00:00:00"],
    ["0 0 1 1 * 30 2027", "2026-06-01T00:00:00", "2027-01-01T00:00:30", null],
    ["0 0 30 2 *", "2026-01-01T00:00:00", null, null],
    ["@quarterly", "2026-02-01T00:00:00", "2026-04-01T00:00:00", "2026-01-01T00:00:00"],
    ["@MIDNIGHT", "2026-02-01T00:00:00", "2026-02-02T00:00:00", "2026-01-31T00:00:00"],
  ])("%s after and before %s", (text, from, next, previous) => {
    const cron = parseCron(text);
    expect([iso(nextWall(cron, utc(from))), iso(previousWall(cron, utc(from)))]).toEqual([next, previous]);
  });
});

describe("refusals name the field, the item and the rule", () => {
  test.each([
    ["* * * *", /it has 4 fields; write 5, 6 or 7/],
    ["@every 5m", /it has 2 fields/],
    ["@hourlyy", /Known presets: @hourly/],
    ["* 24 * * *", /hour '24': 24 is out of range 0-23/],
    ["* * * * 8", /day of week '8': 8 is out of range 0-7/],
    ["H * * * *", /minute 'h': 'h' is not a value/],
    ["* * L-3 * *", /day of month 'l-3'/],
    ["* * * * 5L", /day of week '5l'/],
    ["* * * * 1#6", /'#' is 1 to 5/],
    ["* * * * 1-5#2", /day of week '1-5#2'/],
    ["* * * * 1,5#2", /do not mix/],
    ["* * 15W,20 * *", /'W' goes with a single day/],
    ["*/0 * * * *", /a step of 0 never moves/],
    ["5? * * * *", /'\?' stands alone/],
  ])("%s", (text, message) => {
    expect(() => parseCron(text)).toThrow(message);
    expect(() => parseCron(text)).toThrow(expect.objectContaining({ code: "invalid_dag" }));
  });
});

describe("R draws a value", () => {
  test("the same each time, within its range, another for another expression", () => {
    const minutesOf = (text: string): readonly number[] => parseCron(text).minutes.values;
    const drawn = Array.from({ length: 60 }, (_, i) => minutesOf(`R(10-29) ${i % 24} ${(i % 28) + 1} * *`)[0] ?? -1);
    expect(minutesOf("R * * * *")).toEqual(minutesOf("r * * * *"));
    expect(drawn.every((minute) => minute >= 10 && minute <= 29)).toBe(true);
    expect(new Set(drawn).size).toBeGreaterThan(10);
  });

  test("a step goes on from the drawn value", () => {
    const minutes = parseCron("R/20 * * * *").minutes.values;
    expect(minutes).toHaveLength(3);
    expect(minutes[0]).toBeLessThan(20);
  });

  test.each(["R(30-10) * * * *", "R(0-99) * * * *", "R/0 * * * *", "R,5 * * * *"])("refused: %s", (text) => {
    expect(() => parseCron(text)).toThrow(/is not valid: minute/);
  });
});

describe("a cron that never fires", () => {
  test.each(["0 0 30 2 *", "0 0 31 2,4,6,9,11 *", "0 0 1 1 * 0 1990", "* * * 2 5#5 0 2026"])(
    "%s: no fire before or after, found out in at most one look at each day of 50 years",
    (text) => {
      const cron = parseCron(text);
      let looks = 0;
      const counting = new Proxy(cron, {
        get(target, key, receiver): unknown {
          if (key === "months") looks++;
          return Reflect.get(target, key, receiver);
        },
      });
      const found = [
        nextWall(counting, utc("2026-03-01T00:00:00")),
        previousWall(counting, utc("1985-01-01T00:00:00")),
      ];
      expect(found).toEqual([null, null]);
      expect(looks).toBeLessThan(2 * 51 * 366);
    },
  );
});
