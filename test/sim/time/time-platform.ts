/**
 * @module The platform of one time world: real objects of DAGs, clock, queue handler and deploy sync on fake bindings; runs are fake and fast, or real objects.
 */
import { DagObject } from "../../../src/cloudflare/dag/dag-object.ts";
import { DagRunObject } from "../../../src/cloudflare/dag-run/dag-run-object.ts";
import type { Env } from "../../../src/cloudflare/env.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { DagApi, DagRunApi, RunStatePush } from "../../../src/model/protocol.ts";
import { call, type Caller, type CallScope } from "../adapters/calls.ts";
import { FakeBucket } from "../adapters/fake-bucket.ts";
import { FakeQueue, Invocation } from "../adapters/fake-queue.ts";
import { PlatformObject } from "../adapters/platform-object.ts";
import type { VirtualTime } from "../adapters/virtual-time.ts";
import { FakeDatabase } from "./fake-database.ts";
import { FakeRun, PushCutShort, type RunSurroundings } from "./fake-run.ts";
import type { TimeFaults } from "./time-faults.ts";

/** What the world hears of its objects. */
export interface Listener {
  onCall(dagId: string, method: string, args: readonly unknown[]): void;
  onCommit(dagId: string, kept: boolean): void;
  readonly runs: Pick<RunSurroundings, "draw" | "onStart" | "onEnd">;
}

export interface PlatformOptions {
  readonly ownSchedule: boolean;
  readonly realRuns: boolean;
  readonly index: () => DagIndex;
}

export class TimePlatform implements CallScope {
  readonly violations: string[] = [];
  readonly time: VirtualTime;
  readonly plan: TimeFaults;
  readonly database: FakeDatabase;
  readonly dags = new Map<string, PlatformObject<DagApi>>();
  readonly fakeRuns = new Map<string, FakeRun>();
  readonly realRuns = new Map<string, PlatformObject<DagRunApi>>();
  readonly #options: PlatformOptions;
  readonly #listener: Listener;
  readonly #bucket: FakeBucket;
  readonly #queues: Readonly<Record<"TASK_QUEUE" | "ISOLATE_QUEUE" | "DEAD_LETTER_QUEUE", FakeQueue>>;

  constructor(time: VirtualTime, plan: TimeFaults, options: PlatformOptions, listener: Listener) {
    this.time = time;
    this.plan = plan;
    this.#options = options;
    this.#listener = listener;
    this.database = new FakeDatabase(this);
    this.#bucket = new FakeBucket(this);
    const queue = (name: string, batchMax: number, retriesMax: number, deadLetters: FakeQueue | null): FakeQueue =>
      new FakeQueue(this, { name, batchMax, retriesMax, deadLetters }, options.index, (caller) => this.env(caller));
    const deadLetters = queue("airflare-dead-letter", 20, 100, null);
    this.#queues = {
      TASK_QUEUE: queue("airflare-tasks", 20, 10, deadLetters),
      ISOLATE_QUEUE: queue("airflare-isolate", 1, 10, deadLetters),
      DEAD_LETTER_QUEUE: deadLetters,
    };
  }

  env(caller: Caller): Env {
    const env = {
      DAG: {
        getByName: (dagId: string) => this.#stub<DagApi>(caller, "DAG", (...to) => this.dag(dagId).invoke(...to)),
      },
      DAG_RUN: { getByName: (name: string) => this.#runStub(caller, name) },
      TASK_QUEUE: this.#queues.TASK_QUEUE.binding(caller),
      ISOLATE_QUEUE: this.#queues.ISOLATE_QUEUE.binding(caller),
      OBJECTS: this.#bucket.binding(caller),
      DB: this.database.binding(caller),
      ...(this.#options.ownSchedule ? {} : { AIRFLARE_TICK: "0" }),
    };
    return env as unknown as Env;
  }

  evictAll(): void {
    for (const object of [...this.dags.values(), ...this.realRuns.values()]) object.reset();
  }

  close(): void {
    for (const object of [...this.dags.values(), ...this.realRuns.values()]) object.storage.close();
  }

  /** Made when it is first named, as on the platform. */
  dag(dagId: string): PlatformObject<DagApi> {
    const known = this.dags.get(dagId);
    if (known !== undefined) return known;
    const made = new PlatformObject<DagApi>(this, {
      name: dagId,
      start: (ctx, env) => new DagObject(ctx, env),
      bindings: (caller) => this.env(caller),
      onCall: (method, args) => this.#listener.onCall(dagId, method, args),
      onCommit: (kept) => this.#listener.onCommit(dagId, kept),
    });
    this.dags.set(dagId, made);
    return made;
  }

  fakeRun(dagId: string, runId: string): FakeRun {
    return this.#fakeRun(dagRunObjectName(dagId, runId));
  }

  #runStub(caller: Caller, name: string): DagRunApi {
    if (this.#options.realRuns)
      return this.#stub<DagRunApi>(caller, "DAG_RUN", (...to) => this.#realRun(name).invoke(...to));
    return this.#stub<DagRunApi>(caller, "DAG_RUN", async (method, args) => {
      const work: unknown = this.#fakeRun(name).api()[method];
      if (typeof work !== "function") throw new Error(`the fake run has no ${method}`);
      return structuredClone(await Reflect.apply(work, undefined, structuredClone(args)));
    });
  }

  #stub<Api extends object>(
    caller: Caller,
    binding: string,
    invoke: (method: keyof Api & string, args: unknown[]) => Promise<unknown>,
  ): Api {
    const through =
      (method: keyof Api & string) =>
      (...args: unknown[]) =>
        call(this, caller, `${binding}.${method}`, () => invoke(method, args));
    return new Proxy({} as Api, { get: (_, method) => through(String(method) as keyof Api & string) });
  }

  #fakeRun(name: string): FakeRun {
    const known = this.fakeRuns.get(name);
    if (known !== undefined) return known;
    const run = new FakeRun({
      ...this.#listener.runs,
      plan: (delayMs, work) => void this.time.plan(delayMs, work),
      now: () => this.time.now,
      push: (push) => this.#push(push),
      isAlarmLost: () => this.plan.happens("alarm lost"),
    });
    this.fakeRuns.set(name, run);
    return run;
  }

  /** From a run's object, which may die while the call is under way: then the call may arrive much later. */
  #push(push: RunStatePush): Promise<{ readonly mirrored: boolean }> {
    return new Promise((resolve, reject) => {
      const gone = (): void => reject(new PushCutShort("the run's object is gone"));
      const invocation = new Invocation(gone);
      const { resets } = this.dag(push.head.dagId);
      const failed = (error: unknown): void => {
        reject(this.dag(push.head.dagId).resets === resets ? error : new PushCutShort("the DAG's object was reset"));
      };
      const send = (): Promise<{ readonly mirrored: boolean }> =>
        this.env(invocation).DAG.getByName(push.head.dagId).pushRunState(push);
      if (!this.plan.happens("push late")) return void send().then(resolve, failed);
      this.time.plan(this.plan.latencyMs() * 5_000, () => void send().catch(() => undefined));
      gone();
    });
  }

  #realRun(name: string): PlatformObject<DagRunApi> {
    const known = this.realRuns.get(name);
    if (known !== undefined) return known;
    const made = new PlatformObject<DagRunApi>(this, {
      name,
      start: (ctx, env) => new DagRunObject(ctx, env),
      bindings: (caller) => this.env(caller),
    });
    this.realRuns.set(name, made);
    return made;
  }
}
