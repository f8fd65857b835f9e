/**
 * @module Calendar distances.
 */
import { expect, test } from "vitest";
import { addDelta, subtractDelta } from "../../../../src/engine/timetable/relative-delta.ts";

const at = (text: string): number => Date.parse(`${text}Z`);
const iso = (instant: number): string => new Date(instant).toISOString().slice(0, 19);

test.each([
  ["2024-01-31T10:11:12", 1, "2024-02-29T10:11:12"],
  ["2023-01-31T00:00:00", 1, "2023-02-28T00:00:00"],
  ["2024-02-29T00:00:00", 12, "2025-02-28T00:00:00"],
  ["2024-12-15T00:00:00", 1, "2025-01-15T00:00:00"],
  ["2024-01-15T00:00:00", -1, "2023-12-15T00:00:00"],
])("%s and %i months is %s", (from, months, to) => {
  expect(iso(addDelta(at(from), { months, ms: 0 }))).toBe(to);
});

test("months come first, then the rest, also backwards", () => {
  const delta = { months: 1, ms: -86_400_000 };
  expect(iso(addDelta(at("2025-01-31T00:00:00"), delta))).toBe("2025-02-27T00:00:00");
  expect(iso(subtractDelta(at("2025-03-31T00:00:00"), delta))).toBe("2025-03-01T00:00:00");
});

test("a clamped day stays clamped", () => {
  const month = { months: 1, ms: 0 };
  const february = addDelta(at("2024-01-31T00:00:00"), month);
  expect(iso(addDelta(february, month))).toBe("2024-03-29T00:00:00");
});
