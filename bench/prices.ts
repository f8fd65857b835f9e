/**
 * @module Cloudflare's public prices of the Workers Paid plan, beyond what the plan includes, and what one workload costs by them.
 *
 * From https://developers.cloudflare.com/workers/platform/pricing/ and the pricing pages of durable-objects, d1, queues and r2.
 */

/** When the prices were read. */
export const PRICES_DATE = "2026-11-22";

/** Dollars per million. */
export const DOLLARS_PER_MILLION = {
  /** Invocations of the Worker: HTTP requests and queue batches. */
  workerRequest: 0.3,
  /** Calls of an object, and its alarms. */
  objectRequest: 0.15,
  /** 128 MB for as long as the object is busy. */
  objectGbSecond: 12.5,
  /** Index rows and `setAlarm` count as rows. */
  objectRowWritten: 1,
  objectRowRead: 0.001,
  d1RowWritten: 1,
  d1RowRead: 0.001,
  /** A message is written, read and deleted. */
  queueOperation: 0.4,
  r2ClassA: 4.5,
  r2ClassB: 0.36,
} as const;

const OPERATIONS_PER_MESSAGE = 3;
const OBJECT_GB = 0.128;

/** What a workload used, per task. */
export interface TaskUsage {
  readonly workerRequests: number;
  readonly objectCalls: number;
  readonly alarms: number;
  /** Seconds that the run's object was in use. */
  readonly objectSeconds: number;
  readonly objectRowsWritten: number;
  readonly objectRowsRead: number;
  readonly d1Statements: number;
  readonly d1RowsWritten: number;
  readonly d1RowsRead: number;
  readonly queueMessages: number;
  readonly r2ClassA: number;
  readonly r2ClassB: number;
}

/**
 * Dollars for a million tasks. Left out: the tasks' own CPU time ($0.02 per million ms) and storage, a few kilobytes a run until the retention takes it.
 */
export function dollarsPerMillionTasks(usage: TaskUsage): number {
  const price = DOLLARS_PER_MILLION;
  return (
    usage.workerRequests * price.workerRequest +
    (usage.objectCalls + usage.alarms) * price.objectRequest +
    usage.objectSeconds * OBJECT_GB * price.objectGbSecond +
    usage.objectRowsWritten * price.objectRowWritten +
    usage.objectRowsRead * price.objectRowRead +
    usage.d1RowsWritten * price.d1RowWritten +
    usage.d1RowsRead * price.d1RowRead +
    usage.queueMessages * OPERATIONS_PER_MESSAGE * price.queueOperation +
    usage.r2ClassA * price.r2ClassA +
    usage.r2ClassB * price.r2ClassB
  );
}
