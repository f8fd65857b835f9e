/**
 * @module Time limits (`executionTimeout`). All attempts of a driver share one timer, armed for the earliest limit: most attempts end long before theirs.
 */
import { AirflowTaskTimeout } from "../dag/exceptions.ts";

interface Deadline {
  readonly at: number;
  readonly fire: () => void;
}

/** Given as the reason, so that none is made with a stack of its own. */
const DISARMED = new Error("This timer is not needed any more.");

export class Deadlines {
  readonly #now: () => number;
  readonly #sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly #open = new Set<Deadline>();
  #armedAt = Number.POSITIVE_INFINITY;
  #armed: AbortController | null = null;

  constructor(clock: {
    readonly now: () => number;
    readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  }) {
    this.#now = clock.now;
    this.#sleep = clock.sleep;
  }

  /** Calls `fire` in `ms`, unless the answered function is called before. */
  add(ms: number, fire: () => void): () => void {
    const deadline = { at: this.#now() + ms, fire };
    this.#open.add(deadline);
    if (deadline.at < this.#armedAt) this.#arm(deadline.at);
    return () => {
      this.#open.delete(deadline);
    };
  }

  /** Nothing runs any more: no timer stays behind. */
  close(): void {
    this.#open.clear();
    this.#armed?.abort(DISARMED);
  }

  #arm(at: number): void {
    this.#armed?.abort(DISARMED);
    const armed = new AbortController();
    this.#armed = armed;
    this.#armedAt = at;
    this.#sleep(Math.max(0, at - this.#now()), armed.signal).then(
      () => {
        if (!armed.signal.aborted) this.#fireDue();
      },
      // An aborted sleep may reject: an earlier deadline took its place.
      () => undefined,
    );
  }

  #fireDue(): void {
    this.#armedAt = Number.POSITIVE_INFINITY;
    const now = this.#now();
    let next = Number.POSITIVE_INFINITY;
    for (const deadline of this.#open) {
      if (deadline.at <= now) {
        this.#open.delete(deadline);
        deadline.fire();
      } else next = Math.min(next, deadline.at);
    }
    if (next < this.#armedAt) this.#arm(next);
  }
}

/**
 * Answers what `work` answers, unless the time is up or `abort` fires before: then it rejects, the signal fires, and what `work` does later is nobody's.
 */
export function limitTime<T>(
  work: PromiseLike<T>,
  limit: { readonly ms: number; readonly deadlines: Deadlines; readonly abort: AbortController; readonly what: string },
): Promise<T> {
  return new Promise((resolve, reject) => {
    const { signal } = limit.abort;
    const cancel = limit.deadlines.add(limit.ms, () => {
      const seconds = limit.ms / 1000;
      limit.abort.abort(new AirflowTaskTimeout(`${limit.what} ran longer than its executionTimeout of ${seconds} s`));
    });
    const onAbort = (): void => reject(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const settle = (): void => {
      cancel();
      signal.removeEventListener("abort", onAbort);
    };
    work.then(
      (value) => {
        settle();
        resolve(value);
      },
      (error: unknown) => {
        settle();
        reject(error);
      },
    );
    if (signal.aborted) onAbort();
  });
}
