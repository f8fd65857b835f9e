/**
 * @module Offsets and wall times around clock changes.
 */
import { describe, expect, test } from "vitest";
import {
  daysAgoAt,
  instantOfWall,
  isoTimestamp,
  isTimeZone,
  wallTime,
  zoneOffsetMs,
} from "../../../src/lib/time-zone.ts";

const utc = (text: string): number => Date.parse(`${text}Z`);
const iso = (at: number): string => new Date(at).toISOString().slice(0, 16);

test.each([
  ["UTC", "2026-01-01T00:00", 0],
  ["America/New_York", "2026-01-01T00:00", -5],
  ["America/New_York", "2026-07-01T00:00", -4],
  ["Asia/Kolkata", "2026-01-01T00:00", 5.5],
  ["Australia/Lord_Howe", "2026-01-01T00:00", 11],
  ["Australia/Lord_Howe", "2026-07-01T00:00", 10.5],
  ["Pacific/Kiritimati", "2026-01-01T00:00", 14],
])("%s at %s is %d hours from UTC", (zone, at, hours) => {
  expect(zoneOffsetMs(zone, utc(at)) / 3_600_000).toBe(hours);
});

describe("the instant of a wall time", () => {
  test.each([
    ["an ordinary one", "America/New_York", "2026-06-01T12:00", "first", "2026-06-01T16:00"],
    ["in the gap, moved forward", "America/New_York", "2026-03-08T02:30", "second", "2026-03-08T07:30"],
    ["just behind the gap", "America/New_York", "2026-03-08T03:00", "second", "2026-03-08T07:00"],
    ["repeated, first pass", "America/New_York", "2026-11-01T01:30", "first", "2026-11-01T05:30"],
    ["repeated, second pass", "America/New_York", "2026-11-01T01:30", "second", "2026-11-01T06:30"],
    ["just before the fold", "America/New_York", "2026-11-01T00:59", "second", "2026-11-01T04:59"],
    ["a half-hour gap", "Australia/Lord_Howe", "2026-10-04T02:15", "second", "2026-10-03T15:45"],
  ] as const)("%s", (_name, zone, wall, fold, expected) => {
    expect(iso(instantOfWall(zone, utc(wall), fold))).toBe(expected);
  });

  test("reads back as the wall time every half hour of a year, outside gaps", () => {
    for (let at = utc("2026-01-01T00:00"); at < utc("2027-01-01T00:00"); at += 1_800_000) {
      const wall = wallTime("Europe/Berlin", at);
      const both = [instantOfWall("Europe/Berlin", wall, "first"), instantOfWall("Europe/Berlin", wall, "second")];
      expect(both).toContain(at);
    }
  });
});

test("unknown zones are known to be unknown", () => {
  expect([isTimeZone("Europe/Berlin"), isTimeZone("Mars/Olympus")]).toEqual([true, false]);
});

test("days ago is midnight UTC", () => {
  expect(iso(daysAgoAt(utc("2026-01-05T13:00"), 1))).toBe("2026-01-04T00:00");
});

test("timestamps of run ids are Airflow's", () => {
  expect(isoTimestamp(utc("2026-01-02T02:00:00"))).toBe("2026-01-02T02:00:00+00:00");
  expect(isoTimestamp(utc("2026-01-02T02:00:00.250"))).toBe("2026-01-02T02:00:00.250000+00:00");
});
