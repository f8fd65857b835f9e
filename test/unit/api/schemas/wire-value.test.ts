/**
 * @module Dates and ids as the wire spells them.
 */
import { describe, expect, it } from "vitest";
import {
  parseWireDate,
  wireDate,
  wireDateOrNull,
  wireDuration,
  wireUuid,
} from "../../../../src/api/schemas/wire-value.ts";

describe("dates", () => {
  it.each<[string, number | undefined]>([
    ["2025-01-02T03:04:05Z", Date.UTC(2025, 0, 2, 3, 4, 5)],
    ["2025-01-02T03:04:05.123456+00:00", Date.UTC(2025, 0, 2, 3, 4, 5, 123)],
    ["2025-01-02T03:04:05.1+0530", Date.UTC(2025, 0, 1, 21, 34, 5, 100)],
    ["2025-01-02T03:04:05 00:00", Date.UTC(2025, 0, 2, 3, 4, 5)],
    ["2025-01-02 03:04-02", Date.UTC(2025, 0, 2, 5, 4)],
    ["2025-01-02t03:04:05z", Date.UTC(2025, 0, 2, 3, 4, 5)],
    ["2025-01-02T03:04:05", undefined],
    ["2025-01-02", undefined],
    ["2025-13-02T03:04:05Z", undefined],
    ["2025-01-02T25:04:05Z", undefined],
    ["1767225600", undefined],
    ["", undefined],
  ])("%s", (text, at) => {
    expect(parseWireDate(text)).toBe(at);
  });

  it("are printed as Airflow prints them, and read back", () => {
    expect(wireDate(Date.UTC(2025, 0, 2))).toBe("2025-01-02T00:00:00Z");
    expect(wireDate(Date.UTC(2025, 0, 2, 0, 0, 0, 7))).toBe("2025-01-02T00:00:00.007Z");
    expect(wireDateOrNull(0)).toBeNull();
    expect(parseWireDate(wireDate(1_735_776_000_007))).toBe(1_735_776_000_007);
  });

  it("durations are seconds, null while open, never negative", () => {
    expect([wireDuration(1_000, 3_500), wireDuration(1_000, 0), wireDuration(null, 5), wireDuration(9, 5)]).toEqual([
      2.5,
      null,
      null,
      0,
    ]);
  });
});

describe("ids", () => {
  it("are valid UUIDs, the same for the same parts only", () => {
    expect(wireUuid("a", 1)).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    expect(wireUuid("a", 1)).toBe(wireUuid("a", 1));
    expect(new Set([wireUuid("a", 1), wireUuid("a1"), wireUuid("a", 11), wireUuid("a", 1, "")]).size).toBe(4);
  });
});
