/**
 * @module Retry delays against Airflow's own, to the second: the jitter is a hash of the attempt's name, so each sample must come out again.
 */
import { describe, it } from "vitest";
import { readRows, reportRows } from "./conformance-data.ts";
import { retryDelayMs } from "../../src/engine/retry.ts";

interface Row {
  readonly retry_delay: number;
  readonly retry_exponential_backoff: boolean | number;
  readonly max_retry_delay: number | null;
  readonly try_number: number;
  readonly min: number;
  readonly max: number;
  readonly samples: readonly number[];
}
interface Exact {
  readonly dag_id: string;
  readonly task_id: string;
  readonly logical_date: string;
  readonly try_number: number;
  readonly retry_delay: number;
  readonly multiplier: number;
  readonly delay: number;
}
interface Data {
  readonly exact: readonly Exact[];
  readonly rows: readonly Row[];
  readonly defaults: { readonly retries: number; readonly retry_delay: number };
}

const LOGICAL_DATE = Date.parse("2025-01-01T00:00:00Z");
/** The settings that the data runs through, outermost first: a row's place among them is part of its task ids (`g165_0`). */
const DELAYS = [0, 0.4, 1, 10, 60, 300, 3600, 86_400];
const BACKOFFS = [false, true, 0, 1, 1.5, 2, 3, 10];
const MAXIMA = [null, 5, 600, 1800, 172_800];
const TASKS_PER_ROW = 12;

function delaySeconds(row: Omit<Row, "min" | "max" | "samples">, taskId: string): number {
  const factor = row.retry_exponential_backoff;
  const ms = retryDelayMs({
    dagId: "retry",
    taskId,
    logicalDate: LOGICAL_DATE,
    tryNumber: row.try_number,
    task: {
      retryDelayMs: row.retry_delay * 1000,
      retryExponentialBackoff: typeof factor === "boolean" ? (factor ? 2 : 0) : factor,
      maxRetryDelayMs: row.max_retry_delay === null ? null : row.max_retry_delay * 1000,
    },
  });
  return ms / 1000;
}

function checkRow(row: Row): string | null {
  const group =
    (DELAYS.indexOf(row.retry_delay) * BACKOFFS.length + BACKOFFS.indexOf(row.retry_exponential_backoff)) *
      MAXIMA.length +
    MAXIMA.indexOf(row.max_retry_delay);
  const delays = Array.from({ length: TASKS_PER_ROW }, (_, i) => delaySeconds(row, `g${group}_${i}`));
  const ours = [Math.min(...delays), Math.max(...delays), ...delays.slice(0, row.samples.length)];
  const theirs = [row.min, row.max, ...row.samples];
  return ours.join() === theirs.join() ? null : `min, max, samples are ${ours.join(", ")}, not ${theirs.join(", ")}`;
}

function checkExact(row: Exact): string | null {
  const ours = delaySeconds({ ...row, retry_exponential_backoff: row.multiplier, max_retry_delay: null }, row.task_id);
  return ours === row.delay ? null : `waits ${ours} s, not ${row.delay} s`;
}

describe("retry-backoff.json", () => {
  it("every retry waits as long as in Airflow", () => {
    const data = readRows("retry-backoff.json") as Data;
    reportRows("retry-backoff.json", [
      ...data.exact.map((row) => ({
        id: `exact ${row.task_id}#${row.try_number}`,
        check: () => ({ id: `exact ${row.task_id}#${row.try_number}`, problem: checkExact(row) }),
      })),
      ...data.rows.map((row, i) => {
        const id = `rows[${i}] delay=${row.retry_delay} backoff=${row.retry_exponential_backoff} max=${row.max_retry_delay} try=${row.try_number}`;
        return { id, check: () => ({ id, problem: checkRow(row) }) };
      }),
    ]);
  });
});
