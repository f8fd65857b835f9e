/**
 * @module A call of a binding in the second layer: it leaves its caller, may fail before or after its effect, may kill its caller or evict the objects.
 */
import { Violation } from "../invariants.ts";
import type { VirtualTime } from "./virtual-time.ts";

/**
 * `refused`: it has no effect. `reply-lost`: it has its effect, its caller sees an error. `evicted`: it succeeds, then every run's object loses its memory.
 * `killed`: before it has an effect its caller is gone.
 */
export type CallFault = "none" | "refused" | "reply-lost" | "evicted" | "killed";

export interface MessageFault {
  /** 0: lost. */
  readonly copies: number;
  readonly lateMs: number;
}

/** What goes wrong when. */
export interface FaultPlan {
  /** Asked once for each call, commit and alarm. */
  onCall(point: string): CallFault;
  /** Asked once for each write statement: true lets it fail. */
  onStatement(sql: string): boolean;
  onMessage(): MessageFault;
  /** The history takes this push. */
  takesPush(): boolean;
  alarmEarlyMs(): number;
  latencyMs(): number;
}

export const NO_FAULTS: FaultPlan = {
  onCall: () => "none",
  onStatement: () => false,
  onMessage: () => ({ copies: 1, lateMs: 0 }),
  takesPush: () => true,
  alarmEarlyMs: () => 0,
  latencyMs: () => 1,
};

/** Who calls: an invocation of the Worker or one life of an object. */
export interface Caller {
  /** Settles when its call may leave: an object's calls wait for its writes. Never for one that is gone. */
  leaves(): Promise<void>;
  isAlive(): boolean;
  kill(): void;
}

/** What the calls of all bindings share. */
export interface CallScope {
  readonly time: VirtualTime;
  readonly plan: FaultPlan;
  /** Limits of the platform that were broken; the adapters may swallow the error. */
  readonly violations: string[];
  evictAll(): void;
}

export async function call<T>(
  scope: CallScope,
  caller: Caller,
  point: string,
  effect: () => T | Promise<T>,
): Promise<T> {
  const { time, plan } = scope;
  await caller.leaves();
  await time.sleep(plan.latencyMs());
  const fault = plan.onCall(point);
  if (fault === "killed") {
    caller.kill();
    return never();
  }
  if (fault === "refused") throw transportError(`${point}: Network connection lost.`);
  const answer = await effect();
  if (fault === "evicted") scope.evictAll();
  await time.sleep(plan.latencyMs());
  if (!caller.isAlive()) return never();
  if (fault === "reply-lost") throw transportError(`${point}: Network connection lost.`);
  return answer;
}

/** As a stub throws it when its object was reset or the way to it broke. */
export function transportError(message: string): Error {
  return Object.assign(new Error(message), { retryable: true, durableObjectReset: true });
}

/** A limit the platform enforces. */
export function limit(scope: CallScope, holds: boolean, message: string): void {
  if (holds) return;
  scope.violations.push(message);
  throw new Violation(message);
}

/** The code behind it is gone. */
export function never<T>(): Promise<T> {
  return new Promise(() => undefined);
}
