/**
 * @module One deployment of the second layer: the real Worker code (run objects, objects of limits, queue handler, driver) on fake bindings in one process, under a fault plan.
 */
import { DagRunObject } from "../../../src/cloudflare/dag-run/dag-run-object.ts";
import { SlotObject } from "../../../src/cloudflare/slot/slot-object.ts";
import type { SlotApi } from "../../../src/model/slot.ts";
import type { Env } from "../../../src/cloudflare/env.ts";
import type { DagIndex } from "../../../src/dag/dag-index.ts";
import { driveFromHttp, httpOffer } from "../../../src/cloudflare/task-queue/drive.ts";
import type { DagSpec } from "../../../src/model/dag-spec.ts";
import { dagRunObjectName } from "../../../src/model/ids.ts";
import type { CreateDagRunAnswer, DagRunApi, RunCommand } from "../../../src/model/protocol.ts";
import { FINISHED_RUN_STATES } from "../../../src/model/state.ts";
import { callWithRetry } from "../../../src/runtime/call-retry.ts";
import { aDagRunHead } from "../../support/spec-builders.ts";
import { call, type Caller, type CallScope, type FaultPlan } from "./calls.ts";
import { FakeBucket } from "./fake-bucket.ts";
import { FakeDagObject } from "./fake-dag-object.ts";
import { FakeQueue, Invocation } from "./fake-queue.ts";
import { PlatformObject } from "./platform-object.ts";
import { runAs, type VirtualTime } from "./virtual-time.ts";

/** The DAG's object looks at an open run so often. */
const CHECK_MS = 600_000;
/** Who asked for a run asks so long; after this the order is given again. */
const CREATE_GIVE_UP_MS = 5_000;
const CREATE_AGAIN_MS = 1_000;

export interface DeploymentOptions {
  readonly index: DagIndex;
  readonly vars?: Partial<Env>;
  /** The trigger drives what the object hands to it, as the API does; tasks with a time here are known to be short. */
  readonly longest?: Readonly<Record<string, number>>;
  /** Slots by pool. */
  readonly pools?: Readonly<Record<string, number>>;
}

export class Deployment implements CallScope {
  readonly violations: string[] = [];
  readonly runs = new Map<string, PlatformObject<DagRunApi>>();
  readonly limits = new Map<string, PlatformObject<SlotApi>>();
  readonly time: VirtualTime;
  readonly dag: FakeDagObject;
  readonly bucket: FakeBucket;
  readonly deadLetters: FakeQueue;
  plan: FaultPlan;
  readonly #options: DeploymentOptions;
  /** Open runs that will be looked at. */
  readonly #checked = new Set<string>();
  readonly #taskQueue: FakeQueue;
  readonly #isolateQueue: FakeQueue;

  constructor(time: VirtualTime, plan: FaultPlan, options: DeploymentOptions) {
    this.time = time;
    this.plan = plan;
    this.#options = options;
    this.dag = new FakeDagObject(this, ({ dagId, runId }) => this.#checkLater(dagId, runId));
    this.bucket = new FakeBucket(this);
    // As in wrangler.toml.
    const queue = (name: string, batchMax: number, retriesMax: number, deadLetters: FakeQueue | null): FakeQueue =>
      new FakeQueue(
        this,
        { name, batchMax, retriesMax, deadLetters },
        () => options.index,
        (caller) => this.env(caller),
      );
    this.deadLetters = queue("airflare-dead-letter", 20, 100, null);
    this.#taskQueue = queue("airflare-tasks", 20, 10, this.deadLetters);
    this.#isolateQueue = queue("airflare-isolate", 1, 10, this.deadLetters);
  }

  /** The bindings as one caller has them. */
  env(caller: Caller): Env {
    const env = {
      DAG_RUN: { getByName: (name: string) => this.#stub(caller, name) },
      DAG: { getByName: () => this.dag.stub(caller) },
      SLOT: { getByName: (name: string) => this.#limitStub(caller, name) },
      DB: { prepare: () => ({ bind: (pool: string) => ({ first: async () => this.#poolRow(pool) }) }) },
      TASK_QUEUE: this.#taskQueue.binding(caller),
      ISOLATE_QUEUE: this.#isolateQueue.binding(caller),
      OBJECTS: this.bucket.binding(caller),
      ...this.#options.vars,
    };
    return env as unknown as Env;
  }

  evictAll(): void {
    for (const object of [...this.runs.values(), ...this.limits.values()]) object.reset();
  }

  /**
   * A run is wanted: asked for until its object answers, then looked after until the history has its end. When the first who asked is gone, the DAG's
   * object gives the order again and drives nothing.
   */
  trigger(spec: DagSpec, runId: string, drives = true): void {
    const { dagId } = spec;
    const { now } = this.time;
    const head = aDagRunHead({ dagId, runId, incarnation: `inc-${runId}`, lastNow: now, queuedAt: now, runAfter: now });
    const again = (): void => void this.time.plan(CREATE_AGAIN_MS, () => this.trigger(spec, runId, false));
    const invocation = new Invocation(again);
    const env = this.env(invocation);
    const { longest = {}, index } = this.#options;
    const request = {
      head,
      specText: JSON.stringify(spec),
      longest,
      start: true,
      offer: drives ? httpOffer(now) : null,
    };
    const { DAG_RUN } = env;
    const create = (): Promise<CreateDagRunAnswer> => DAG_RUN.getByName(dagRunObjectName(dagId, runId)).create(request);
    const clock = { now: () => this.time.now, sleep: (ms: number) => this.time.sleep(ms) };
    callWithRetry(create, clock, CREATE_GIVE_UP_MS).then(({ next }) => {
      const ctx = { waitUntil: () => undefined };
      if (drives && next !== null) runAs(invocation, () => void driveFromHttp(env, ctx, index, next));
      this.#checkLater(dagId, runId);
    }, again);
  }

  /** A user's command, given again until it is answered. */
  command(dagId: string, runId: string, callId: string, command: RunCommand): void {
    const again = (): void => void this.time.plan(CREATE_AGAIN_MS, () => this.command(dagId, runId, callId, command));
    const run = this.env(new Invocation(again)).DAG_RUN.getByName(dagRunObjectName(dagId, runId));
    run.command({ callId, command }).catch(again);
  }

  /** The object of one run; made when it is first named, as on the platform. */
  object(dagId: string, runId: string): PlatformObject<DagRunApi> {
    return this.#object(dagRunObjectName(dagId, runId));
  }

  close(): void {
    for (const { storage } of [...this.runs.values(), ...this.limits.values()]) storage.close();
  }

  #checkLater(dagId: string, runId: string): void {
    if (this.#checked.has(runId)) return;
    this.#checked.add(runId);
    this.time.plan(CHECK_MS, () => this.#check(dagId, runId));
  }

  #check(dagId: string, runId: string): void {
    this.#checked.delete(runId);
    const known = this.dag.history.get(runId);
    const { owing } = this.dag;
    if (known !== undefined && FINISHED_RUN_STATES.has(known.head.state) && !owing.has(runId)) return;
    const object = this.env(new Invocation()).DAG_RUN.getByName(dagRunObjectName(dagId, runId));
    object.poke().then(
      ({ owes }) => owes || owing.delete(runId),
      () => undefined,
    );
    this.#checkLater(dagId, runId);
  }

  #object(name: string): PlatformObject<DagRunApi> {
    const known = this.runs.get(name);
    if (known !== undefined) return known;
    const made = new PlatformObject<DagRunApi>(this, {
      name,
      start: (ctx, env) => new DagRunObject(ctx, env),
      bindings: (caller) => this.env(caller),
    });
    this.runs.set(name, made);
    return made;
  }

  #poolRow(name: string): unknown {
    const slots = this.#options.pools?.[name];
    return slots === undefined ? null : { name, slots, description: null, include_deferred: 0 };
  }

  #limit(name: string): PlatformObject<SlotApi> {
    const known = this.limits.get(name);
    if (known !== undefined) return known;
    const made = new PlatformObject<SlotApi>(this, {
      name,
      start: (ctx, env) => new SlotObject(ctx, env),
      bindings: (caller) => this.env(caller),
    });
    this.limits.set(name, made);
    return made;
  }

  #limitStub(caller: Caller, name: string): Pick<SlotApi, "exchange"> {
    return {
      exchange: (order) =>
        call(this, caller, "SLOT.exchange", () => this.#limit(name).invoke("exchange", [order])) as ReturnType<
          SlotApi["exchange"]
        >,
    };
  }

  #stub(caller: Caller, name: string): DagRunApi {
    const methodCall =
      (method: keyof DagRunApi) =>
      (...args: unknown[]) =>
        call(this, caller, `DAG_RUN.${method}`, () => this.#object(name).invoke(method, args));
    return new Proxy({} as DagRunApi, { get: (_, method) => methodCall(method as keyof DagRunApi) });
  }
}
