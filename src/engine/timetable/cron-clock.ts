/**
 * @module A cron expression read in a time zone, with Airflow's answers at clock changes.
 *
 * - Hour field not `*`: a skipped wall time runs once, moved forward by the gap; a repeated one runs once, at its second pass.
 * - Hour field `*`: distances count in real time, so every real hour has its runs.
 */
import { instantOfWall, wallTime } from "../../lib/time-zone.ts";
import type { CronExpression } from "./cron-expression.ts";
import { nextWall, previousWall } from "./cron-search.ts";

/** Fires of one expression in one zone. Null: no fire in that direction within 50 years. */
export class CronClock {
  readonly #cron: CronExpression;
  readonly #timeZone: string;

  constructor(cron: CronExpression, timeZone: string) {
    this.#cron = cron;
    this.#timeZone = timeZone;
  }

  next(at: number): number | null {
    const wall = wallTime(this.#timeZone, at);
    return this.#instant(at, wall, nextWall(this.#cron, wall));
  }

  previous(at: number): number | null {
    const wall = wallTime(this.#timeZone, at);
    return this.#instant(at, wall, previousWall(this.#cron, wall));
  }

  /** `at` itself when it is a fire, else the next one. */
  alignToNext(at: number): number | null {
    const next = this.next(at);
    if (next === null) return null;
    return this.previous(next) === at ? at : next;
  }

  /** `at` itself when it is a fire, else the one before. */
  alignToPrevious(at: number): number | null {
    const previous = this.previous(at);
    if (previous === null) return null;
    return this.next(previous) === at ? at : previous;
  }

  #instant(at: number, wall: number, fire: number | null): number | null {
    if (fire === null) return null;
    if (this.#cron.hours.onlyStar) return at + (fire - wall);
    return instantOfWall(this.#timeZone, fire, "second");
  }
}
