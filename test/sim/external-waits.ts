/**
 * @module Tasks of a world that wait for something outside (another DAG's run): it happens at a drawn time, and a wake-up is owed to each who asked before.
 *
 * As the real DAG object does it: who asks is noted before the answer is read, a wake-up is owed until the waiting run's object has taken it, and whoever asks again
 * meanwhile stays noted. Invariant: once the wake-up was taken, nobody goes on waiting on what he read before it.
 */
import type { AttemptOutcome } from "../../src/model/outcome.ts";
import type { AttemptToken } from "../../src/model/ids.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import type { TaskSpec } from "../../src/model/task-spec.ts";
import { Violation } from "./invariants.ts";
import { Rng } from "./rng.ts";
import { CallLost } from "./call-lost.ts";
import type { Order, RunHost } from "./run-host.ts";
import type { World } from "./world.ts";

const RECHECK_MS = 3_600_000;
const RETRY_MS = 5_000;
/** Objects' clocks may be off by this. */
const SKEW_MS = 15_000;

interface Wait {
  readonly host: RunHost;
  readonly ord: number;
  readonly taskId: string;
  readonly mapIndex: number;
  readonly happensAt: number;
  /** Times it was asked for; 0: nobody has. */
  asked: number;
  isNoted: boolean;
  isTold: boolean;
}

export class ExternalWaits {
  readonly #world: World;
  readonly #rng: Rng;
  readonly #share: number;
  readonly #waits = new Map<string, Wait | null>();
  /** What each attempt read when it began. */
  readonly #read = new Map<AttemptToken, boolean>();
  readonly #leaves = new Set<AttemptToken>();

  constructor(world: World, seed: number) {
    this.#world = world;
    this.#rng = new Rng(seed + 1_000_003);
    this.#share = this.#rng.pick([0, 0.1, 0.5]);
  }

  /** An attempt begins: it notes that it waits, then reads. A task that is not deferred yet only leaves: it looks in attempts that the object knows of. */
  onStart(host: RunHost, order: Order): void {
    const wait = this.#waitOf(host, order);
    if (wait === null) return;
    const isSensor = host.durable.spec.tasks[order.task]?.kind === "sensor";
    if (!isSensor && host.durable.facts.get(order.ord)?.deferral === undefined) {
      this.#leaves.add(order.token);
      return;
    }
    wait.asked += 1;
    wait.isNoted = true;
    this.#read.set(order.token, this.#world.now >= wait.happensAt);
  }

  /** The outcome of an attempt that read "not yet"; undefined for every other one. */
  outcomeOf(host: RunHost, order: Order, task: TaskSpec): AttemptOutcome | undefined {
    const leaves = this.#leaves.has(order.token);
    if (this.#waitOf(host, order) === null || (!leaves && this.#read.get(order.token) !== false)) return undefined;
    const at = this.#world.now + (leaves ? 0 : RECHECK_MS);
    if (task.kind === "sensor") return { kind: "reschedule", at };
    const trigger = { kind: "date-time", at } as const;
    return { kind: "deferred", at, deferral: { trigger, method: null, kwargs: "", timeoutAt: null } };
  }

  /** True for an instance whose try may take several attempts, because it waits. */
  isWait(host: RunHost, ord: number): boolean {
    return (this.#waits.get(`${host.runId}|${ord}`) ?? null) !== null;
  }

  /** Nobody who was told waits on what he read before. */
  check(host: RunHost, run: DagRun): void {
    for (const wait of this.#waits.values()) {
      if (wait === null || wait.host !== host || !wait.isTold || wait.isNoted) continue;
      const instance = run.instances[wait.ord];
      const waits = instance?.state === "up_for_reschedule" || instance?.state === "deferred";
      if (waits && instance.dueAt > this.#world.now + SKEW_MS && run.head.state === "running")
        throw new Violation(`${host.runId} ${wait.taskId} was woken and still waits until ${instance.dueAt}`);
    }
  }

  #waitOf(host: RunHost, order: Order): Wait | null {
    const key = `${host.runId}|${order.ord}`;
    const known = this.#waits.get(key);
    if (known !== undefined) return known;
    const task = host.durable.spec.tasks[order.task];
    const mayWait = task !== undefined && (task.kind === "task" || task.kind === "sensor") && order.next === null;
    if (!mayWait || !this.#rng.chance(this.#share)) {
      this.#waits.set(key, null);
      return null;
    }
    const { taskId } = task;
    const happensAt = this.#world.now + this.#rng.below(120_000);
    const { ord, mapIndex } = order;
    const wait = { host, ord, taskId, mapIndex, happensAt, asked: 0, isNoted: false, isTold: false };
    this.#waits.set(key, wait);
    this.#world.plan(happensAt - this.#world.now, () => this.#tell(wait));
    return wait;
  }

  /** At least once: what fails, or whose answer is lost, is told again. */
  #tell(wait: Wait): void {
    if (!wait.isNoted || wait.host.deleted) return;
    const { asked } = wait;
    try {
      if (this.#world.fault("pushFails")) throw new CallLost("the wake-up was not delivered");
      const event = { kind: "task-instance-woken", taskId: wait.taskId, mapIndex: wait.mapIndex } as const;
      wait.host.handle(event, null, null);
    } catch (thrown) {
      if (!(thrown instanceof CallLost)) throw thrown;
      this.#world.plan(RETRY_MS, () => this.#tell(wait));
      return;
    }
    wait.isTold = true;
    // Who asked again in between has read that it happened.
    if (wait.asked === asked) wait.isNoted = false;
  }
}
