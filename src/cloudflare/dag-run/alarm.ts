/**
 * @module The one alarm of the object. It may be early, never late: it is only ever moved earlier, directly after the transaction of the same turn,
 * so that no state exists without the alarm that will look at it.
 */

/** An alarm this long overdue was lost: it went off and nobody was there. */
const LOST_MS = 30_000;

export class Alarm {
  readonly #set: (at: number) => void;
  readonly #clock: () => number;
  /** When the alarm goes off as far as this instance knows; null = not set, or set by an instance that is gone. */
  #armedAt: number | null = null;

  constructor(set: (at: number) => void, clock: () => number) {
    this.#set = set;
    this.#clock = clock;
  }

  /** Makes sure that the alarm goes off at `at` or before; true when that took a write. */
  arm(at: number | null): boolean {
    if (at === null || (this.#armedAt !== null && this.#armedAt <= at && this.#armedAt > this.#clock() - LOST_MS))
      return false;
    this.#armedAt = at;
    this.#set(at);
    return true;
  }

  /** The alarm went off: it is used up and must be armed again. */
  fired(): void {
    this.#armedAt = null;
  }
}
