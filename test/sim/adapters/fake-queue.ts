/**
 * @module A queue with the real limits and its consumer, the real `handleQueue`: at least once, no order, repeats with delay, a dead-letter queue in the end.
 */
import { handleQueue } from "../../../src/cloudflare/task-queue/consumer.ts";
import type { Env, MessageQueue } from "../../../src/cloudflare/env.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import type { TaskMessage } from "../../../src/model/task-message.ts";
import { call, type Caller, type CallScope, limit, never } from "./calls.ts";
import { runAs } from "./virtual-time.ts";

const MESSAGE_BYTES_MAX = 128_000;
const BATCH_BYTES_MAX = 256_000;
const BATCH_MESSAGES_MAX = 100;
const DELAY_SECONDS_MAX = 86_400;
/** A handler that vanished: its messages come back after this. */
const KILLED_AGAIN_MS = 30_000;

interface Queued {
  readonly id: string;
  readonly body: TaskMessage;
  attempts: number;
}

export interface QueueOptions {
  readonly name: string;
  readonly batchMax: number;
  readonly retriesMax: number;
  readonly deadLetters: FakeQueue | null;
}

export class FakeQueue {
  /** Messages given up for good. */
  readonly givenUp: TaskMessage[] = [];
  readonly #scope: CallScope;
  readonly #options: QueueOptions;
  readonly #index: () => DagIndex;
  readonly #bindings: (caller: Caller) => Env;
  #ready: Queued[] = [];
  #ids = 0;

  constructor(scope: CallScope, options: QueueOptions, index: () => DagIndex, bindings: (caller: Caller) => Env) {
    this.#scope = scope;
    this.#options = options;
    this.#index = index;
    this.#bindings = bindings;
  }

  binding(caller: Caller): MessageQueue {
    return {
      sendBatch: (messages) =>
        call(this.#scope, caller, `${this.#options.name}.sendBatch`, () =>
          this.put([...messages].map(({ body }) => body)),
        ),
    };
  }

  put(bodies: readonly TaskMessage[]): void {
    const sizes = bodies.map((body) => Buffer.byteLength(JSON.stringify(body)));
    limit(
      this.#scope,
      bodies.length >= 1 && bodies.length <= BATCH_MESSAGES_MAX,
      `a batch of ${bodies.length} messages`,
    );
    for (const size of sizes) limit(this.#scope, size <= MESSAGE_BYTES_MAX, `a message of ${size} bytes`);
    const total = sizes.reduce((sum, size) => sum + size, 0);
    limit(this.#scope, total <= BATCH_BYTES_MAX, `a batch of ${total} bytes`);
    for (const body of bodies) {
      const { copies, lateMs } = this.#scope.plan.onMessage();
      const id = `m${++this.#ids}`;
      // The first copy may be on time: a second one then comes late.
      for (let copy = 0; copy < copies; copy++)
        this.#deliver({ id, body: structuredClone(body), attempts: 0 }, copy === 0 ? lateMs : lateMs * 2 + 10);
    }
  }

  #deliver(message: Queued, delayMs: number): void {
    this.#scope.time.plan(5 + delayMs, () => {
      this.#ready.push(message);
      if (this.#ready.length === 1) this.#scope.time.plan(1, () => this.#consume());
    });
  }

  #consume(): void {
    const batch = this.#ready.splice(0, this.#options.batchMax);
    if (this.#ready.length > 0) this.#scope.time.plan(1, () => this.#consume());
    const retries = new Map<Queued, number>();
    let settled = false;
    const again = (): void => {
      settled = true;
      for (const [message, seconds] of retries) this.#again(message, seconds * 1_000);
    };
    const invocation = new Invocation(() => {
      if (settled) return;
      for (const message of batch) retries.set(message, KILLED_AGAIN_MS / 1_000);
      again();
    });
    const messages = batch.map((message) => this.#message(message, retries));
    const ctx = { waitUntil: (work: Promise<unknown>) => void work.catch(() => undefined) };
    const handle = (): Promise<void> =>
      handleQueue(this.#batch(messages), this.#bindings(invocation), ctx, this.#index());
    runAs(invocation, handle).then(
      () => invocation.isAlive() && again(),
      () => {
        for (const message of batch) retries.set(message, 0);
        again();
      },
    );
  }

  #message(message: Queued, retries: Map<Queued, number>): unknown {
    message.attempts++;
    const { id, body, attempts } = message;
    let decided = false;
    return {
      id,
      attempts,
      timestamp: new Date(this.#scope.time.now),
      body: structuredClone(body),
      // Of several decisions the first counts.
      ack: () => void (decided ||= true),
      retry: ({ delaySeconds = 0 } = {}) => {
        limit(this.#scope, delaySeconds <= DELAY_SECONDS_MAX, `a retry in ${delaySeconds} s`);
        if (!decided) retries.set(message, delaySeconds);
        decided = true;
      },
    };
  }

  #batch(messages: readonly unknown[]): MessageBatch {
    return { queue: this.#options.name, messages } as unknown as MessageBatch;
  }

  #again(message: Queued, delayMs: number): void {
    const { retriesMax, deadLetters } = this.#options;
    if (message.attempts <= retriesMax) this.#deliver(message, delayMs);
    else if (deadLetters === null) this.givenUp.push(message.body);
    else deadLetters.put([message.body]);
  }
}

/** One invocation of the Worker. Killed, its calls get no answer any more. */
export class Invocation implements Caller {
  readonly #onKilled: () => void;
  #isAlive = true;

  constructor(onKilled: () => void = () => undefined) {
    this.#onKilled = onKilled;
  }

  async leaves(): Promise<void> {
    if (!this.#isAlive) await never();
  }

  isAlive(): boolean {
    return this.#isAlive;
  }

  kill(): void {
    if (!this.#isAlive) return;
    this.#isAlive = false;
    this.#onKilled();
  }
}
