/**
 * @module Attempts that a driver has begun ahead of the report that opens them at the run's object: the next tasks of linear segments.
 */
import type { AttemptToken } from "../model/ids.ts";

export class SegmentsAhead {
  /** By token: the delivery of the report that opens the attempt, null before it is sent. */
  readonly #deliveries = new Map<AttemptToken, Promise<void> | null>();

  /** True until the report that opens this attempt was delivered (or given up). */
  has(token: AttemptToken): boolean {
    return this.#deliveries.has(token);
  }

  begin(token: AttemptToken): void {
    this.#deliveries.set(token, null);
  }

  /** The report that opens it is on its way. */
  reported(token: AttemptToken, delivery: Promise<void>): void {
    const done = delivery.then(() => {
      this.#deliveries.delete(token);
    });
    this.#deliveries.set(token, done);
  }

  /** Settles when a report under way has opened the attempt; at once when none is under way. */
  async delivery(token: AttemptToken): Promise<void> {
    await this.#deliveries.get(token);
  }
}
