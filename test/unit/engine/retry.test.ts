/**
 * @module Retry delays: plain, backoff with jitter, caps. Airflow's own numbers are in test/conformance.
 */
import { describe, expect, it } from "vitest";
import { retryDelayMs } from "../../../src/engine/retry.ts";
import type { TaskSpec } from "../../../src/model/task-spec.ts";

type Policy = Pick<TaskSpec, "retryDelayMs" | "retryExponentialBackoff" | "maxRetryDelayMs">;

const plain: Policy = { retryDelayMs: 300_000, retryExponentialBackoff: 0, maxRetryDelayMs: null };
const waits = (policy: Partial<Policy>, tryNumber = 1, logicalDate: number | null = Date.UTC(2025, 0, 1)): number =>
  retryDelayMs({ dagId: "retry", taskId: "g165_0", logicalDate, tryNumber, task: { ...plain, ...policy } });

describe("retryDelayMs", () => {
  it("waits the plain delay, which no maximum touches", () => {
    expect(waits({ maxRetryDelayMs: 1000 }, 7)).toBe(300_000);
  });
  it("adds Airflow's jitter to the backoff", () => {
    expect(waits({ retryDelayMs: 60_000, retryExponentialBackoff: 2 })).toBe(103_000);
  });
  it.each([1, 2, 3, 4, 5, 6])("stays within [b, 2b) in try %i and repeats", (tryNumber) => {
    const policy = { retryDelayMs: 10_000, retryExponentialBackoff: 2 };
    const base = 10_000 * 2 ** (tryNumber - 1);
    expect(waits(policy, tryNumber)).toBeGreaterThanOrEqual(base);
    expect(waits(policy, tryNumber)).toBeLessThan(2 * base);
    expect(waits(policy, tryNumber)).toBe(waits(policy, tryNumber));
  });
  it("never waits longer than a day, and the task's maximum comes last", () => {
    expect(waits({ retryExponentialBackoff: 10 }, 1100)).toBe(86_400_000);
    expect(waits({ retryExponentialBackoff: 10, maxRetryDelayMs: 5000 }, 20)).toBe(5000);
    expect(waits({ retryDelayMs: 0, retryExponentialBackoff: 10 }, 1100)).toBe(86_400_000);
  });
  it("waits at least a second with a backoff over no delay", () => {
    expect(waits({ retryDelayMs: 0, retryExponentialBackoff: 2 }, 5)).toBe(1000);
  });
  it("works without a logical date and with one before 1970, on a leap day, with milliseconds", () => {
    const policy = { retryDelayMs: 600_000, retryExponentialBackoff: 2 };
    const dates = [null, Date.UTC(1969, 11, 31, 23, 59, 59), Date.UTC(2024, 1, 29), Date.UTC(2024, 1, 29, 1, 2, 3, 45)];
    expect(new Set(dates.map((date) => waits(policy, 1, date))).size).toBe(dates.length);
  });
});
