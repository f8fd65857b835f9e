/**
 * @module What the object owes the outside after a commit: queue messages, callbacks, pushes, archives. Each duty is derived from rows, so it is
 * repeated until it succeeds: at once, after a failure with growing intervals, and after a restart.
 */

export interface Duty {
  readonly name: string;
  /** When there is something to do: at once (`<= now`), later, or null. */
  dueAt(): number | null;
  /** Does it all; throws when any of it must be repeated. */
  run(): Promise<void>;
}

/** Intervals after failures: 1 s, 2 s, 4 s, ... up to a minute. */
const RETRY_MS = 1_000;
const RETRY_MAX_MS = 60_000;
/** A duty under way is looked at again after this, in case the object vanished meanwhile: no state without an alarm. */
const WATCHDOG_MS = 60_000;

interface Progress {
  runningSince: number | null;
  failures: number;
  retryAt: number;
}

export class Duties {
  readonly #duties: readonly { readonly duty: Duty; readonly progress: Progress }[];
  readonly #now: () => number;
  readonly #arm: () => void;
  readonly #onError: (duty: string, error: unknown) => void;

  constructor(
    duties: readonly Duty[],
    now: () => number,
    arm: () => void,
    onError: (duty: string, error: unknown) => void,
  ) {
    this.#duties = duties.map((duty) => ({ duty, progress: { runningSince: null, failures: 0, retryAt: 0 } }));
    this.#now = now;
    this.#arm = arm;
    this.#onError = onError;
  }

  /** Starts every duty that is due and not under way. Never throws; the answer settles when all started ones have. */
  async kick(): Promise<void> {
    const now = this.#now();
    await Promise.all(
      this.#duties
        .filter(({ duty, progress }) => progress.runningSince === null && isDue(duty, progress, now))
        .map(({ duty, progress }) => this.#perform(duty, progress)),
    );
  }

  /** When the alarm must look again, or null when nothing is owed. */
  nextAt(): number | null {
    let next: number | null = null;
    for (const { duty, progress } of this.#duties) {
      const due = duty.dueAt();
      if (due === null) continue;
      const at = progress.runningSince === null ? Math.max(due, progress.retryAt) : progress.runningSince + WATCHDOG_MS;
      if (next === null || at < next) next = at;
    }
    return next;
  }

  async #perform(duty: Duty, progress: Progress): Promise<void> {
    do {
      progress.runningSince = this.#now();
      try {
        await duty.run();
        progress.failures = 0;
        progress.retryAt = 0;
      } catch (error) {
        progress.failures++;
        progress.retryAt = this.#now() + Math.min(RETRY_MAX_MS, RETRY_MS * 2 ** (progress.failures - 1));
        this.#onError(duty.name, error);
      } finally {
        progress.runningSince = null;
      }
    } while (isDue(duty, progress, this.#now()));
    this.#arm();
  }
}

function isDue(duty: Duty, progress: Progress, now: number): boolean {
  const due = duty.dueAt();
  return due !== null && Math.max(due, progress.retryAt) <= now;
}
