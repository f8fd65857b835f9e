/**
 * @module The simulated object of one run: durable rows, a volatile engine run beside them, one alarm, an outbox. It does what the real host does
 * (load, step, commit, send) and dies at every point in between when the world says so.
 */
import type { Command, StepResult } from "../../src/model/command.ts";
import type { DagRun, DagRunHead, InstanceFacts } from "../../src/model/dag-run.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { HandOffOffer, RunEvent } from "../../src/model/event.ts";
import { type AttemptToken, attemptToken } from "../../src/model/ids.ts";
import { OPEN_ATTEMPT_STATES } from "../../src/model/state.ts";
import type { TaskInstance } from "../../src/model/task-instance.ts";
import { followerNonce, followerOf } from "../../src/engine/dag-run/segment.ts";
import { assertRun } from "../../src/engine/dag-run/invariants.ts";
import { CallLost } from "./call-lost.ts";
import { RunSlots } from "./run-slots.ts";
import type { World } from "./world.ts";

// One of each for all worlds: a stack trace per drawn fault would cost more than the event.
const OBJECT_DIED = new CallLost("the object died");
const REPLY_LOST = new CallLost("the reply was lost");

export interface Order {
  readonly token: AttemptToken;
  readonly ord: number;
  readonly task: number;
  readonly mapIndex: number;
  readonly tryNumber: number;
  readonly pokes: number;
  /** The segment's next task, begun by the same driver after a success. */
  readonly next: Order | null;
}

export interface Answer {
  readonly stale: readonly AttemptToken[];
  readonly orders: readonly Order[];
}

interface Durable {
  head: DagRunHead;
  readonly spec: DagSpec;
  readonly longest: Readonly<Record<string, number>>;
  readonly instances: TaskInstance[];
  readonly facts: Map<number, InstanceFacts>;
  readonly outbox: Map<string, Command>;
  readonly answers: Map<string, Answer>;
  alarmAt: number | null;
}

export class RunHost {
  readonly world: World;
  readonly runId: string;
  readonly durable: Durable;
  readonly slots: RunSlots;
  /** A user deleted the run: nothing of it answers any more. */
  deleted = false;
  #run: DagRun | null = null;

  constructor(world: World, head: DagRunHead, spec: DagSpec, longest: Readonly<Record<string, number>>) {
    this.world = world;
    this.runId = head.runId;
    const run = world.core.create(head, spec, longest);
    this.durable = {
      head: { ...run.head },
      spec: run.spec,
      longest,
      instances: run.instances.map((instance) => ({ ...instance })),
      facts: new Map(run.facts),
      outbox: new Map(),
      answers: new Map(),
      alarmAt: null,
    };
    this.#run = run;
    this.slots = new RunSlots(world, this);
  }

  get head(): DagRunHead {
    return this.durable.head;
  }

  /** One event, one transaction. Throws {@link CallLost} when the object dies or the reply does. */
  handle(event: RunEvent, offer: HandOffOffer | null, callId: string | null): Answer {
    const { world } = this;
    if (this.deleted) throw OBJECT_DIED;
    if (world.fault("evict")) this.#forget();
    const stored = callId === null || !world.core.answersStored ? undefined : this.durable.answers.get(callId);
    if (stored !== undefined) return stored;
    const run = this.loaded();
    const now = Math.max(run.head.lastNow, world.objectClock());
    const result = world.core.step(run, {
      event,
      now,
      seed: world.rng.seed48(),
      leases: world.leases,
      ...(offer === null ? {} : { offer }),
    });
    if (world.checksRuns) assertRun(run);
    world.afterStep(this, run, event, result);
    if (world.fault("crashBeforeCommit")) return this.#die();
    const answer = this.#commit(run, result, event, callId);
    if (world.fault("crashAfterCommit")) return this.#die();
    this.slots.noteRenewals(result);
    this.slots.send();
    this.#send(run, result);
    this.drainOutbox();
    if (callId !== null && world.fault("replyLost")) throw REPLY_LOST;
    return answer;
  }

  /** Delivers what the outbox holds; a refused delivery stays for the next alarm or sweep. */
  drainOutbox(): void {
    for (const [id, command] of this.durable.outbox) {
      if (!this.world.core.outboxKept) this.durable.outbox.delete(id);
      if (this.world.fault("pushFails")) {
        this.#armAt(this.world.now + 5_000);
        continue;
      }
      this.world.deliver(this, command);
      this.durable.outbox.delete(id);
    }
  }

  onAlarm(): void {
    this.durable.alarmAt = null;
    if (this.deleted) return;
    try {
      this.handle({ kind: "timer-due" }, null, null);
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
      // the platform runs a failed alarm again after two seconds
      this.#armAt(this.world.now + 2_000);
    }
  }

  /** What the cron sweep does with a run whose wake time has passed. */
  poke(): void {
    this.drainOutbox();
    this.onAlarm();
  }

  #forget(): void {
    this.#run = null;
    this.slots.forget();
  }

  loaded(): DagRun {
    if (this.#run === null) {
      const { durable } = this;
      this.slots.send();
      this.#run = this.world.core.restore({
        head: { ...durable.head },
        spec: durable.spec,
        longest: durable.longest,
        instances: durable.instances.map((instance) => ({ ...instance })),
        facts: new Map(durable.facts),
      });
      this.world.covered("restored");
    }
    return this.#run;
  }

  #die(): never {
    this.#forget();
    throw OBJECT_DIED;
  }

  #commit(run: DagRun, result: StepResult, event: RunEvent, callId: string | null): Answer {
    const { durable } = this;
    for (const ord of result.instances) {
      const instance = run.instances[ord];
      if (instance !== undefined) durable.instances[ord] = { ...instance };
    }
    for (const ord of result.facts) {
      const facts = run.facts.get(ord);
      if (facts === undefined) durable.facts.delete(ord);
      else durable.facts.set(ord, facts);
    }
    durable.head = { ...run.head };
    this.world.slas.onCommit(this);
    this.slots.note(result);
    if (this.slots.owes) this.#armAt(this.world.now + 60_000);
    this.world.limits.check();
    if (this.world.core.atomic || !this.world.fault("crashAfterCommit")) {
      for (const command of result.commands) durable.outbox.set(command.id, command);
    }
    if (this.world.core.arms && result.nextWakeAt !== null) this.#armAt(result.nextWakeAt);
    const answer = { stale: result.stale, orders: this.#orders(run, result, event) };
    if (callId !== null) durable.answers.set(callId, answer);
    return answer;
  }

  #orders(run: DagRun, result: StepResult, event: RunEvent): readonly Order[] {
    const ords = [...result.handOff];
    if (event.kind === "attempts-claimed") {
      const stale = new Set(result.stale);
      for (const instance of run.instances) {
        const token = attemptToken(run.head.incarnation, instance.ord, instance.nonce);
        if (event.tokens.includes(token) && !stale.has(token)) ords.push(instance.ord);
      }
    }
    return ords.map((ord) => {
      const instance = run.instances[ord] as TaskInstance;
      return this.#order(run, instance, instance.nonce);
    });
  }

  #order(run: DagRun, instance: TaskInstance, nonce: number): Order {
    const { ord, task, mapIndex, tryNumber, pokes } = instance;
    const follower = followerOf(run, ord);
    const next = follower === undefined ? null : this.#order(run, follower, followerNonce(nonce));
    const token = attemptToken(run.head.incarnation, ord, nonce);
    // A follower's try starts with its attempt.
    return { token, ord, task, mapIndex, pokes, next, tryNumber: instance.nonce === nonce ? tryNumber : tryNumber + 1 };
  }

  #armAt(at: number): void {
    const { durable } = this;
    if (durable.alarmAt !== null && durable.alarmAt <= at) return;
    durable.alarmAt = at;
    this.world.planAlarm(this, at);
  }

  #send(run: DagRun, result: StepResult): void {
    if (result.dispatch.length === 0) return;
    let tokens: AttemptToken[] = [];
    for (const ord of result.dispatch) {
      const instance = run.instances[ord] as TaskInstance;
      if (!OPEN_ATTEMPT_STATES.has(instance.state)) continue;
      tokens.push(attemptToken(run.head.incarnation, ord, instance.nonce));
      if (tokens.length === 4) {
        this.world.enqueue(this, tokens);
        tokens = [];
      }
    }
    if (tokens.length > 0) this.world.enqueue(this, tokens);
  }
}
