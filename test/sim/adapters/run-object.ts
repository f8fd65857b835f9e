/**
 * @module One run's real Durable Object class over fake storage: calls by stub, alarms with the platform's repeats, resets that lose its memory.
 */
import { DagRunObject } from "../../../src/cloudflare/dag-run/dag-run-object.ts";
import type { Env } from "../../../src/cloudflare/env.ts";
import type { DagRunApi } from "../../../src/model/protocol.ts";
import { type Caller, type CallScope, never, transportError } from "./calls.ts";
import { ObjectStorage } from "./object-storage.ts";
import { runAs } from "./virtual-time.ts";

/** The platform runs an alarm that threw again after 2 s, doubling, so many times; then it is gone. */
const ALARM_RETRY_MS = 2_000;
const ALARM_RETRIES_MAX = 6;

export class RunObject {
  readonly storage: ObjectStorage;
  /** Resets so far. */
  lives = 0;
  readonly #scope: CallScope;
  readonly #bindings: (caller: Caller) => Env;
  #life: Life | null = null;

  constructor(scope: CallScope, bindings: (caller: Caller) => Env) {
    this.#scope = scope;
    this.#bindings = bindings;
    this.storage = new ObjectStorage(scope, { alarm: () => this.#alarmDue(0), reset: () => this.reset() });
  }

  /** Everything in memory is gone, and what was not committed; who waits for an answer sees an error. */
  reset(): void {
    this.#life?.end();
    this.#life = null;
    this.storage.rollback();
  }

  /** Carries out one call of a stub; arguments and answer are copies, as over the wire. */
  async invoke(method: keyof DagRunApi, args: readonly unknown[]): Promise<unknown> {
    const life = this.#alive();
    const work = (): Promise<unknown> => Reflect.apply(life.object[method], life.object, structuredClone(args));
    return structuredClone(await life.answer(work));
  }

  #alive(): Life {
    if (this.#life !== null) return this.#life;
    this.lives++;
    this.#life = new Life(this.storage, () => this.reset(), this.#bindings);
    return this.#life;
  }

  #alarmDue(repeats: number): void {
    this.storage.alarmFired();
    const fault = this.#scope.plan.onCall("alarm");
    // Lost: it went off and nobody was there.
    if (fault === "refused") return;
    const life = this.#alive();
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
class Life implements Caller {
  readonly object: DagRunObject;
  readonly #storage: ObjectStorage;
  readonly #reset: () => void;
  readonly #ended = Promise.withResolvers<never>();
  #isAlive = true;

  constructor(storage: ObjectStorage, reset: () => void, bindings: (caller: Caller) => Env) {
    this.#storage = storage;
    this.#reset = reset;
    this.#ended.promise.catch(() => undefined);
    this.object = new DagRunObject(
      storage.context(() => this.#isAlive),
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
