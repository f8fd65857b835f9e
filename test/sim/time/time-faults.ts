/**
 * @module What may go wrong around the clock, drawn anew for each world; nothing does after its heal time.
 */
import type { Rng } from "../rng.ts";
import type { CallFault, FaultPlan, MessageFault } from "../adapters/calls.ts";
import type { VirtualTime } from "../adapters/virtual-time.ts";

export const TIME_FAULTS = [
  "refused",
  "reply-lost",
  "evicted",
  "killed",
  "commit lost",
  "reset after commit",
  "statement fails",
  "alarm lost",
  "alarm early",
  "D1 fails",
  "D1 down",
  "clock skew",
  "push late",
  "message lost",
  "message twice",
  "message late",
  "tick missed",
  "tick doubled",
  "tick late",
  "old build ticks",
] as const;

export type TimeFault = (typeof TIME_FAULTS)[number];

const LEVELS = [0, 0, 0.02, 0.1, 0.3] as const;
/** Each object tries again every few seconds meanwhile. */
const DOWN_MS_MAX = 1_800_000;
const SKEW_MS = 5_000;
const SKEWS_EVERY_MS = 600_000;
const CALL_FAULTS = ["refused", "reply-lost", "evicted", "killed"] as const;

export class TimeFaults implements FaultPlan {
  readonly levels: Readonly<Record<TimeFault, number>>;
  readonly healAt: number;
  /** The event in which a statement failed last. */
  failedAt = -1;
  readonly #rng: Rng;
  readonly #time: VirtualTime;
  readonly #downFrom: number;
  readonly #downUntil: number;
  readonly #coverage: Map<string, number>;
  readonly #trace: (line: string) => void;
  #point = "";

  constructor(
    rng: Rng,
    time: VirtualTime,
    healAt: number,
    coverage: Map<string, number>,
    trace: (line: string) => void,
  ) {
    this.#rng = rng;
    this.#time = time;
    this.healAt = healAt;
    this.#coverage = coverage;
    this.#trace = trace;
    const calm = rng.chance(0.1);
    const levels = TIME_FAULTS.map((kind) => [kind, calm ? 0 : rng.pick(LEVELS)] as const);
    this.levels = Object.fromEntries(levels) as Record<TimeFault, number>;
    const isDown = !calm && rng.chance(0.2);
    this.#downFrom = isDown ? time.now + rng.below(healAt - time.now) : healAt;
    this.#downUntil = Math.min(healAt, this.#downFrom + rng.below(DOWN_MS_MAX));
    if (this.levels["clock skew"] > 0) this.#skew();
  }

  get isCalm(): boolean {
    return this.#time.now >= this.healAt;
  }

  get skews(): boolean {
    return this.levels["clock skew"] > 0;
  }

  onCall(point: string): CallFault {
    this.#point = point;
    if (point === "storage.commit") {
      if (this.happens("commit lost", 0.3)) return "refused";
      return this.happens("reset after commit", 0.3) ? "evicted" : "none";
    }
    if (point === "alarm") return this.happens("alarm lost") ? "refused" : "none";
    if (point.startsWith("DB.")) {
      if (this.#time.now >= this.#downFrom && this.#time.now < this.#downUntil) return this.#met("D1 down", "refused");
      if (this.happens("D1 fails")) return this.#rng.chance(0.5) ? "refused" : "reply-lost";
    }
    return CALL_FAULTS.find((fault) => this.happens(fault, 0.5)) ?? "none";
  }

  onStatement(): boolean {
    if (!this.happens("statement fails", 0.03)) return false;
    this.failedAt = this.#time.events;
    return true;
  }

  onMessage(): MessageFault {
    if (this.happens("message lost")) return { copies: 0, lateMs: 0 };
    const copies = this.happens("message twice") ? 2 : 1;
    return { copies, lateMs: this.#rng.below(50) + (this.happens("message late") ? this.#rng.below(300_000) : 0) };
  }

  takesPush(): boolean {
    return true;
  }

  alarmEarlyMs(): number {
    // Never to the millisecond: a clock that is behind would see it again and again in one instant.
    return this.happens("alarm early") ? this.#rng.below(20_000) : -this.#rng.between(5, 100);
  }

  latencyMs(): number {
    return this.#rng.between(1, 10);
  }

  happens(kind: TimeFault, factor = 1): boolean {
    if (this.isCalm || !this.#rng.chance(this.levels[kind] * factor)) return false;
    return this.#met(kind, true);
  }

  #met<T>(kind: TimeFault, answer: T): T {
    this.#coverage.set(kind, (this.#coverage.get(kind) ?? 0) + 1);
    this.#trace(`FAULT ${kind} at ${this.#point}`);
    return answer;
  }

  /** The clock is off by another amount every few minutes, and right again in the end. */
  #skew(): void {
    this.#time.skewMs = this.isCalm ? 0 : this.#rng.between(-SKEW_MS, SKEW_MS);
    if (!this.isCalm) this.#met("clock skew", null);
    if (!this.isCalm) this.#time.plan(this.#rng.between(1, SKEWS_EVERY_MS), () => this.#skew());
  }
}
