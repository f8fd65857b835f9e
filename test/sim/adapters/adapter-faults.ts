/**
 * @module What may go wrong between the adapters and the platform, drawn anew for each world; nothing does after its heal time.
 */
import type { Rng } from "../rng.ts";
import type { CallFault, FaultPlan, MessageFault } from "./calls.ts";
import type { VirtualTime } from "./virtual-time.ts";

export const ADAPTER_FAULTS = [
  "refused",
  "reply-lost",
  "evicted",
  "killed",
  "commit lost",
  "reset after commit",
  "statement fails",
  "message lost",
  "message twice",
  "message late",
  "alarm lost",
  "alarm early",
  "push refused",
  "clock skew",
] as const;

export type AdapterFault = (typeof ADAPTER_FAULTS)[number];

const LEVELS = [0, 0, 0.01, 0.05, 0.2] as const;
/** Each lets an object send again all that its outbox holds, so that messages would breed. */
const RARER: ReadonlySet<string> = new Set<AdapterFault>(["evicted", "commit lost", "reset after commit"]);
const CALL_FAULTS = ["refused", "reply-lost", "evicted", "killed"] as const;

export class DrawnFaults implements FaultPlan {
  readonly levels: Readonly<Record<AdapterFault, number>>;
  readonly happened = new Set<AdapterFault>();
  readonly #rng: Rng;
  readonly #time: VirtualTime;
  readonly #healAt: number;
  readonly #slow: boolean;
  readonly #coverage: Map<string, number>;
  readonly #trace: (line: string) => void;

  constructor(rng: Rng, time: VirtualTime, coverage: Map<string, number>, trace: (line: string) => void) {
    this.#rng = rng;
    this.#time = time;
    this.#coverage = coverage;
    this.#trace = trace;
    this.#healAt = time.now + rng.between(10_000, 600_000);
    this.#slow = rng.chance(0.3);
    const calm = rng.chance(0.1);
    const level = (kind: string): number => (calm ? 0 : rng.pick(LEVELS) / (RARER.has(kind) ? 10 : 1));
    this.levels = Object.fromEntries(ADAPTER_FAULTS.map((kind) => [kind, level(kind)])) as Record<AdapterFault, number>;
  }

  get healAt(): number {
    return this.#healAt;
  }

  onCall(point: string): CallFault {
    const fault = this.#faultOf(point);
    this.#trace(`${this.#time.now - this.#healAt} ${point} ${fault}`);
    return fault;
  }

  onStatement(): boolean {
    return this.#happens("statement fails", 0.1);
  }

  onMessage(): MessageFault {
    if (this.#happens("message lost")) return { copies: 0, lateMs: 0 };
    const copies = this.#happens("message twice") ? 2 : 1;
    return { copies, lateMs: this.#rng.below(50) + (this.#happens("message late") ? this.#rng.below(300_000) : 0) };
  }

  takesPush(): boolean {
    return !this.#happens("push refused");
  }

  alarmEarlyMs(): number {
    return this.#happens("alarm early") ? this.#rng.below(20_000) : 0;
  }

  latencyMs(): number {
    return this.#rng.between(1, this.#slow ? 500 : 10);
  }

  #faultOf(point: string): CallFault {
    if (this.#time.now >= this.#healAt) this.#time.skewMs = 0;
    else if (this.#happens("clock skew")) this.#time.skewMs = this.#rng.between(-5_000, 5_000);
    if (point === "storage.commit") {
      if (this.#happens("commit lost")) return "refused";
      return this.#happens("reset after commit") ? "evicted" : "none";
    }
    if (point === "alarm") return this.#happens("alarm lost") ? "refused" : "none";
    return CALL_FAULTS.find((fault) => this.#happens(fault)) ?? "none";
  }

  #happens(kind: AdapterFault, factor = 1): boolean {
    if (this.#time.now >= this.#healAt || !this.#rng.chance(this.levels[kind] * factor)) return false;
    this.happened.add(kind);
    this.#coverage.set(kind, (this.#coverage.get(kind) ?? 0) + 1);
    return true;
  }
}
