/**
 * @module One real Durable Object class over fake storage: calls by stub, alarms with the platform's repeats, resets that lose its memory.
 */
import type { Env } from "../../../src/cloudflare/env.ts";
import { type Caller, type CallScope, never, transportError } from "./calls.ts";
import { ObjectStorage } from "./object-storage.ts";
import { runAs } from "./virtual-time.ts";

/** The platform runs an alarm that threw again after 2 s, doubling, so many times; then it is gone. */
const ALARM_RETRY_MS = 2_000;
const ALARM_RETRIES_MAX = 6;

/** An instance of an object's class. */
interface Instance {
  alarm(): Promise<void>;
}

export interface ObjectKind<Api> {
  /** As given to `getByName`. */
  readonly name: string;
  readonly start: (ctx: DurableObjectState, env: Env) => Api & Instance;
  readonly bindings: (caller: Caller) => Env;
  /** A method is about to run: what it writes in its first turn is committed next. */
  readonly onCall?: (method: string, args: readonly unknown[]) => void;
  /** What one turn wrote is durable, or, with false, gone. */
  readonly onCommit?: (kept: boolean) => void;
}

export class PlatformObject<Api extends object> {
  readonly storage: ObjectStorage;
  resets = 0;
  readonly #scope: CallScope;
  readonly #kind: ObjectKind<Api>;
  #life: Life<Api> | null = null;

  constructor(scope: CallScope, kind: ObjectKind<Api>) {
    this.#scope = scope;
    this.#kind = kind;
    this.storage = new ObjectStorage(scope, {
      alarm: () => this.#alarmDue(0),
      reset: () => this.reset(),
      committed: (kept) => kind.onCommit?.(kept),
    });
  }

  /** Everything in memory is gone, and what was not committed; who waits for an answer sees an error. */
  reset(): void {
    this.resets++;
    this.#life?.end();
    this.#life = null;
    this.storage.rollback();
  }

  /** Carries out one call of a stub; arguments and answer are copies, as over the wire. */
  async invoke(method: keyof Api & string, args: readonly unknown[]): Promise<unknown> {
    const life = this.#alive();
    this.#kind.onCall?.(method, args);
    const called: unknown = life.object[method];
    const work = (): Promise<unknown> => Reflect.apply(called as () => unknown, life.object, structuredClone(args));
    return structuredClone(await life.answer(work));
  }

  #alive(): Life<Api> {
    if (this.#life !== null) return this.#life;
    this.#life = new Life(this.storage, () => this.reset(), this.#kind);
    return this.#life;
  }

  #alarmDue(repeats: number): void {
    this.storage.alarmFired();
    const fault = this.#scope.plan.onCall("alarm");
    // Lost: it went off and nobody was there.
    if (fault === "refused") return;
    const life = this.#alive();
    this.#kind.onCall?.("alarm", []);
    life
      .answer(() => life.object.alarm())
      .then(
        () => undefined,
        () => {
          const { time } = this.#scope;
          if (repeats < ALARM_RETRIES_MAX) time.plan(ALARM_RETRY_MS * 2 ** repeats, () => this.#alarmDue(repeats + 1));
        },
      );
    if (fault !== "none") this.reset();
  }
}

/** The object between two resets. */
class Life<Api> implements Caller {
  readonly object: Api & Instance;
  readonly #storage: ObjectStorage;
  readonly #reset: () => void;
  readonly #ended = Promise.withResolvers<never>();
  #isAlive = true;

  constructor(storage: ObjectStorage, reset: () => void, { name, start, bindings }: ObjectKind<Api>) {
    this.#storage = storage;
    this.#reset = reset;
    this.#ended.promise.catch(() => undefined);
    this.object = start(
      storage.context(name, () => this.#isAlive),
      bindings(this),
    );
  }

  /** The output gate: an answer leaves only after the writes before it are durable. */
  answer<T>(work: () => Promise<T>): Promise<T> {
    const gated = async (): Promise<T> => {
      const answer = await runAs(this, work);
      await this.#storage.durable();
      return answer;
    };
    return Promise.race([this.#ended.promise, gated()]);
  }

  async leaves(): Promise<void> {
    await this.#storage.durable();
    if (!this.#isAlive) await never();
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  kill(): void {
    if (this.#isAlive) this.#reset();
  }

  end(): void {
    this.#isAlive = false;
    this.#ended.reject(transportError("the object was reset"));
  }
}
