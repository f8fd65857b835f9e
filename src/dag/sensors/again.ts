/**
 * @module A false poke of a built-in sensor that knows when it is worth to look again: at its own time, not at the interval.
 */

export interface Again {
  readonly again: true;
  /** Epoch ms; the sensor's time-out may come first. */
  readonly at: number;
}

export function again(at: number): Again {
  return { again: true, at };
}

/** True for what {@link again} makes. */
export function isAgain(answer: unknown): answer is Again {
  return typeof answer === "object" && answer !== null && "again" in answer && answer.again === true && "at" in answer;
}
