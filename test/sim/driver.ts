/**
 * @module The simulated worker: claims the attempts of a message, "runs" them for a drawn time, heartbeats, reports, takes what is handed over, and may die at any moment.
 */
import type { AttemptOutcome, AttemptReport } from "../../src/model/outcome.ts";
import type { AttemptToken } from "../../src/model/ids.ts";
import type { HandOffOffer } from "../../src/model/event.ts";
import { CallLost } from "./call-lost.ts";
import type { Answer, Order, RunHost } from "./run-host.ts";
import type { World } from "./world.ts";

const CALL_RETRIES_MAX = 4;

export class Driver {
  readonly #world: World;
  readonly #host: RunHost;
  readonly #id: number;
  readonly #deadlineAt: number;
  readonly #running = new Map<AttemptToken, Order>();
  readonly #started = new Set<AttemptToken>();
  readonly #ahead = new Set<AttemptToken>();
  #calls = 0;
  #dead = false;
  #beating = false;
  /** Cut off from the object's heartbeat for good: its attempts run on, fenced off. */
  #mute = false;

  constructor(world: World, host: RunHost) {
    this.#world = world;
    this.#host = host;
    this.#id = world.nextDriverId();
    this.#deadlineAt = world.now + 600_000;
  }

  claim(tokens: readonly AttemptToken[]): void {
    this.#call(
      (callId) => this.#host.handle({ kind: "attempts-claimed", tokens }, null, callId),
      (answer) => this.#take(answer.orders),
    );
  }

  /** Attempts that came with the answer of another call (creation). */
  take(answer: Answer): void {
    this.#take(answer.orders);
  }

  #offer(): HandOffOffer {
    const room = this.#world.now < this.#deadlineAt ? Math.max(0, 8 - this.#running.size) : 0;
    return { room, deadlineAt: this.#deadlineAt, driver: "queue" };
  }

  #take(orders: readonly Order[]): void {
    for (const order of orders) {
      if (this.#started.has(order.token) && this.#world.core.driverDropsRepeats) continue;
      this.#started.add(order.token);
      this.#running.set(order.token, order);
      this.#world.onStart(this.#host, order);
      if (this.#world.fault("driverDies")) return this.#die();
      const ms = this.#world.durationOf(this.#host, order);
      const startedAt = this.#world.now;
      this.#world.plan(ms, () => this.#end(order, startedAt));
    }
    if (this.#running.size > 0 && !this.#beating) this.#beat();
  }

  #beat(): void {
    this.#beating = true;
    this.#world.plan(this.#world.leases.heartbeatMs, () => {
      this.#beating = false;
      if (this.#dead || this.#running.size === 0) return;
      if (this.#world.fault("driverDies")) return this.#die();
      if (this.#world.fault("heartbeatLost")) this.#mute = true;
      if (!this.#mute) this.#heartbeat();
      if (this.#running.size > 0) this.#beat();
    });
  }

  #heartbeat(): void {
    // What was begun ahead of its report is unknown to the object.
    const tokens = [...this.#running.keys()].filter((token) => !this.#ahead.has(token));
    try {
      const answer = this.#host.handle({ kind: "attempts-heartbeat", tokens }, null, null);
      for (const token of answer.stale) {
        this.#running.delete(token);
        this.#world.covered("attempt told to stop");
      }
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
    }
  }

  /** `held`: outcomes of the tasks before it in its segment, not reported yet. */
  #end(order: Order, startedAt: number, held: readonly AttemptReport[] = []): void {
    if (this.#dead || !this.#running.has(order.token)) return;
    this.#running.delete(order.token);
    this.#world.onEffect(this.#host, order);
    if (this.#world.fault("driverDies")) return this.#die();
    const outcome: AttemptOutcome = this.#world.outcomeOf(this.#host, order);
    const report: AttemptReport = { token: order.token, outcome, startedAt, endedAt: this.#world.now };
    const { next } = order;
    if (next === null || outcome.kind !== "success" || this.#world.rng.chance(0.2))
      return this.#report([...held, report]);
    this.#world.covered("segment continued");
    this.#continue(next, [...held, { ...report, continuedBy: next.token }]);
  }

  /** Goes on with the segment; what is done so far is sometimes reported at once, sometimes together with what follows. */
  #continue(next: Order, done: readonly AttemptReport[]): void {
    const { token } = next;
    this.#started.add(token);
    this.#ahead.add(token);
    this.#running.set(token, next);
    this.#world.onStart(this.#host, next);
    const startedAt = this.#world.now;
    const ms = this.#world.durationOf(this.#host, next);
    if (this.#world.rng.chance(0.7)) this.#world.plan(ms, () => this.#end(next, startedAt, done));
    else this.#report(done, () => this.#world.plan(ms, () => this.#end(next, startedAt)));
  }

  #report(reports: readonly AttemptReport[], delivered: () => void = () => undefined): void {
    this.#call(
      (callId) => this.#host.handle({ kind: "attempts-finished", reports }, this.#offer(), callId),
      (answer) => {
        if (answer.stale.length > 0) this.#world.covered("stale report refused");
        for (const token of answer.stale) this.#running.delete(token);
        for (const { continuedBy } of reports) if (continuedBy !== undefined) this.#ahead.delete(continuedBy);
        this.#take(answer.orders);
        delivered();
      },
    );
  }

  /** A call with its retries: same call id, growing pauses. Gives up in the end; the lease finds the attempt again. */
  #call(send: (callId: string) => Answer, done: (answer: Answer) => void): void {
    const callId = `${this.#id}:${this.#calls++}`;
    const attempt = (n: number): void => {
      if (this.#dead) return;
      let answer: Answer;
      try {
        answer = send(callId);
      } catch (error) {
        if (!(error instanceof CallLost)) throw error;
        this.#world.covered("call repeated");
        if (n < CALL_RETRIES_MAX) this.#world.plan(200 * 2 ** n, () => attempt(n + 1));
        return;
      }
      done(answer);
    };
    attempt(0);
  }

  #die(): void {
    this.#dead = true;
    this.#running.clear();
    this.#world.covered("driver died");
  }
}
