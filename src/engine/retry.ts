/**
 * @module How long a failed try waits for the next one: Airflow's numbers to the second, including the jitter that is a hash and not random.
 */
import { sha1 } from "../lib/sha1.ts";
import type { DagId, TaskId } from "../model/ids.ts";
import type { TaskSpec } from "../model/task-spec.ts";

/** Airflow's MAX_RETRY_DELAY: a day. It bounds the backoff only, never a plain delay. */
const BACKOFF_MAX_SECONDS = 86_400;

export interface RetryDelayInput {
  readonly dagId: DagId;
  readonly taskId: TaskId;
  /** Epoch ms, null for a run without one. */
  readonly logicalDate: number | null;
  /** The try that just failed, from 1. */
  readonly tryNumber: number;
  readonly task: Pick<TaskSpec, "retryDelayMs" | "retryExponentialBackoff" | "maxRetryDelayMs">;
}

/** Milliseconds from the end of the failed try to the next. A factor of 0 or 1 means no backoff: then `maxRetryDelayMs` does not apply either. */
export function retryDelayMs(input: RetryDelayInput): number {
  const { retryDelayMs: delayMs, retryExponentialBackoff: factor, maxRetryDelayMs } = input.task;
  if (factor === 0 || factor === 1) return delayMs;
  const power = factor ** (input.tryNumber - 1);
  // Beyond what a number holds the day is reached, even from a delay of 0, as in Airflow.
  const base = Number.isFinite(power) ? Math.max(1, Math.ceil((delayMs / 1000) * power)) : BACKOFF_MAX_SECONDS;
  const seconds =
    base >= BACKOFF_MAX_SECONDS ? BACKOFF_MAX_SECONDS : Math.min(base + jitter(input, base), BACKOFF_MAX_SECONDS);
  return maxRetryDelayMs === null ? seconds * 1000 : Math.min(seconds * 1000, maxRetryDelayMs);
}

/** The 160-bit hash of the attempt's name modulo `base`: the same attempt always waits the same time. */
function jitter(input: RetryDelayInput, base: number): number {
  const date = logicalDateText(input.logicalDate);
  let rest = 0;
  for (const byte of sha1(`${input.dagId}#${input.taskId}#${date}#${input.tryNumber}`))
    rest = (rest * 256 + byte) % base;
  return rest;
}

/** Python's `str(datetime)` in UTC, which is part of the hash: `2025-01-01 00:00:00+00:00`, with `.123000` when there are milliseconds. */
function logicalDateText(at: number | null): string {
  if (at === null) return "None";
  const days = Math.floor(at / 86_400_000);
  const ms = at - days * 86_400_000;
  const { year, month, day } = civilDate(days);
  const time = [Math.floor(ms / 3_600_000), Math.floor(ms / 60_000) % 60, Math.floor(ms / 1000) % 60]
    .map(two)
    .join(":");
  const fraction = ms % 1000 === 0 ? "" : `.${String(ms % 1000).padStart(3, "0")}000`;
  return `${String(year).padStart(4, "0")}-${two(month)}-${two(day)} ${time}${fraction}+00:00`;
}

const two = (value: number): string => String(value).padStart(2, "0");

/** Gregorian date of a day number (0 = 1970-01-01), counted in eras of 400 years that start on 1 March, so that the leap day comes last. */
function civilDate(dayNumber: number): { year: number; month: number; day: number } {
  const z = dayNumber + 719_468;
  const era = Math.floor(z / 146_097);
  const dayOfEra = z - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const shifted = Math.floor((5 * dayOfYear + 2) / 153);
  const month = shifted < 10 ? shifted + 3 : shifted - 9;
  const day = dayOfYear - Math.floor((153 * shifted + 2) / 5) + 1;
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day };
}
