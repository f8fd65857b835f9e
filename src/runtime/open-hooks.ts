/**
 * @module The hooks one attempt (or callback) has made: those that hold a connection are closed when it ends.
 */
import { messageOf } from "./signal.ts";

/** A server that does not take leave must not hold the report. */
const CLOSE_MS_MAX = 2_000;

export class OpenHooks {
  readonly #hooks: AsyncDisposable[] = [];

  add(hook: unknown): void {
    if (isDisposable(hook)) this.#hooks.push(hook);
  }

  /** Closes them all, waiting at most two seconds. `warn` hears what went wrong; nothing is thrown. */
  async close(
    sleep: (ms: number, signal: AbortSignal) => Promise<void>,
    warn: (message: string) => void,
  ): Promise<void> {
    if (this.#hooks.length === 0) return;
    const done = new AbortController();
    const closing = Promise.all(
      this.#hooks.splice(0).map(async (hook) => {
        try {
          await hook[Symbol.asyncDispose]();
        } catch (thrown) {
          warn(`A hook's connection could not be closed: ${messageOf(thrown)}`);
        }
      }),
    );
    const tooLong = sleep(CLOSE_MS_MAX, done.signal).catch(() => undefined);
    await Promise.race([closing, tooLong]);
    done.abort();
  }
}

function isDisposable(hook: unknown): hook is AsyncDisposable {
  return typeof hook === "object" && hook !== null && Symbol.asyncDispose in hook;
}
