/**
 * @module One simulated deployment: runs, queue, drivers, cron sweep, history, faults until a drawn heal time, then calm. One thread, no promises, no clock.
 */
import type { Command, StepResult } from "../../src/model/command.ts";
import type { DagSpec } from "../../src/model/dag-spec.ts";
import type { DagRun } from "../../src/model/dag-run.ts";
import { DEFAULT_LEASES, type RunEvent } from "../../src/model/event.ts";
import type { AttemptToken } from "../../src/model/ids.ts";
import type { AttemptOutcome } from "../../src/model/outcome.ts";
import type { DagRunState } from "../../src/model/state.ts";
import { aDagRunHead } from "../support/spec-builders.ts";
import type { Core } from "./cores.ts";
import { drawDag } from "./dag-shapes.ts";
import { Driver } from "./driver.ts";
import { EventHeap } from "./event-heap.ts";
import { ExternalWaits } from "./external-waits.ts";
import { drawFaults, type Faults } from "./faults.ts";
import { checkAtRest, checkStep, Violation } from "./invariants.ts";
import { Limits } from "./slots.ts";
import { Rng } from "./rng.ts";
import { CallLost } from "./call-lost.ts";
import { type Order, RunHost } from "./run-host.ts";
import { SlaClocks } from "./sla-clocks.ts";
import { userCommand } from "./user-commands.ts";

const EVENTS_MAX = 60_000;
const REST_BOUND_MS = 72 * 3_600_000;
const TRACE_LINES = 50;

export class World {
  readonly rng: Rng;
  readonly core: Core;
  readonly faults: Faults;
  readonly leases = DEFAULT_LEASES;
  readonly checksRuns: boolean;
  readonly traces: boolean;
  readonly coverage: Map<string, number>;
  readonly hosts: RunHost[] = [];
  /** As drawn, before a core may have changed them. */
  readonly specs = new Map<string, DagSpec>();
  readonly starts = new Map<AttemptToken, number>();
  readonly effects = new Map<string, number>();
  readonly callbacks = new Map<string, number>();
  readonly history = new Map<string, { seq: number; state: DagRunState }>();
  /** Runs a user touched: their states may change after the end. */
  readonly touched = new Set<string>();
  readonly trace: string[] = [];
  now = 1_767_225_600_000;
  hash = 0;
  events = 0;
  readonly #heap = new EventHeap();
  readonly external: ExternalWaits;
  readonly limits: Limits;
  readonly slas: SlaClocks;
  readonly #healAt: number;
  readonly #faultless: boolean;
  #drivers = 0;
  #failureRate: number;

  constructor(
    seed: number,
    core: Core,
    coverage: Map<string, number>,
    options: { readonly checksRuns: boolean; readonly traces: boolean },
  ) {
    this.rng = new Rng(seed);
    this.core = core;
    this.coverage = coverage;
    this.checksRuns = options.checksRuns;
    this.traces = options.traces;
    this.faults = drawFaults(this.rng);
    this.#faultless = Object.values(this.faults).every((level) => level === 0);
    this.#healAt = this.now + this.rng.between(10_000, 600_000);
    this.#failureRate = this.rng.pick([0, 0.05, 0.2, 0.5]);
    this.external = new ExternalWaits(this, seed);
    this.limits = new Limits(this, seed);
    this.slas = new SlaClocks(this, seed);
    const runs = this.rng.between(1, 3);
    for (let index = 0; index < runs; index++) this.#planRun(index);
    this.#sweepLater();
  }

  get healed(): boolean {
    return this.now >= this.#healAt;
  }

  /** No fault for so long. */
  calmFor(ms: number): boolean {
    return this.#faultless || this.now >= this.#healAt + ms;
  }

  /** Runs until nothing is planned. Throws {@link Violation}. */
  run(): void {
    const latest = this.#healAt + REST_BOUND_MS;
    for (;;) {
      const entry = this.#heap.pop();
      if (entry === undefined) break;
      this.now = Math.max(this.now, entry.at);
      if (++this.events > EVENTS_MAX) throw new Violation(`more than ${EVENTS_MAX} events`);
      if (this.now > latest) throw new Violation("not at rest within the bound after the faults stopped");
      entry.run();
    }
    checkAtRest(this);
  }

  fault(kind: keyof Faults): boolean {
    if (this.healed || !this.rng.chance(this.faults[kind])) return false;
    this.covered(kind);
    return true;
  }

  covered(mark: string): void {
    this.coverage.set(mark, (this.coverage.get(mark) ?? 0) + 1);
  }

  plan(delayMs: number, run: () => void): void {
    this.#heap.push(this.now + delayMs, run);
  }

  nextDriverId(): number {
    return this.#drivers++;
  }

  /** The clock an object reads: may jump back or ahead by seconds. */
  objectClock(): number {
    return this.fault("clockSkew") ? this.now + this.rng.between(-5_000, 5_000) : this.now;
  }

  planAlarm(host: RunHost, at: number): void {
    const early = this.fault("alarmEarly") ? this.rng.below(20_000) : 0;
    this.#heap.push(Math.max(this.now, at - early), () => {
      if (host.durable.alarmAt !== at) return;
      if (this.fault("alarmLost")) {
        host.durable.alarmAt = null;
        return;
      }
      host.onAlarm();
    });
  }

  enqueue(host: RunHost, tokens: readonly AttemptToken[]): void {
    if (this.fault("queueSendFails") || this.fault("messageLost")) return;
    const copies = this.fault("messageTwice") ? 2 : 1;
    for (let copy = 0; copy < copies; copy++) {
      const late = this.fault("messageLate") ? this.rng.below(300_000) : 0;
      this.plan(this.rng.between(1, 50) + late, () => new Driver(this, host).claim(tokens));
    }
  }

  deliver(host: RunHost, command: Command): void {
    if (command.kind === "sla-miss") this.slas.onDelivered(host, command);
    switch (command.kind) {
      case "task-callback":
      case "dag-callback":
      case "task-mail":
      case "sla-miss":
      case "sla-mail":
      case "deadline-miss":
        this.callbacks.set(`${host.runId}|${command.id}`, (this.callbacks.get(`${host.runId}|${command.id}`) ?? 0) + 1);
        this.covered(command.kind);
        return;
      case "run-state": {
        const row = { seq: host.head.seq, state: host.head.state };
        const late = this.fault("historyLate") ? this.rng.below(60_000) : 0;
        this.plan(late, () => this.#mirror(host.runId, row));
        return;
      }
      case "watch":
        this.plan(10, () => {
          const passed = this.healed || this.rng.chance(0.5);
          this.#quietly(() =>
            host.handle({ kind: "watched-state", watchId: command.watchId, passed, reason: "" }, null, null),
          );
          // An answer "not yet" is followed by a push once the run before is through.
          if (!passed) this.plan(this.rng.between(1_000, 30_000), () => this.deliver(host, command));
        });
    }
  }

  onStart(host: RunHost, order: Order): void {
    const count = (this.starts.get(order.token) ?? 0) + 1;
    this.starts.set(order.token, count);
    if (count > 1) throw new Violation(`I3: token ${order.token} of ${host.runId} started ${count} times`);
    this.external.onStart(host, order);
  }

  onEffect(host: RunHost, order: Order): void {
    const key = `${host.runId}|${order.ord}|${order.tryNumber}`;
    this.effects.set(key, (this.effects.get(key) ?? 0) + 1);
  }

  durationOf(host: RunHost, order: Order): number {
    const task = host.durable.spec.tasks[order.task];
    const short = task !== undefined && host.durable.longest[task.taskId] !== undefined;
    return short ? this.rng.between(1, 900) : this.rng.between(1, this.rng.chance(0.1) ? 120_000 : 3_000);
  }

  outcomeOf(host: RunHost, order: Order): AttemptOutcome {
    const task = host.durable.spec.tasks[order.task];
    if (task === undefined) throw new Violation(`an order names task ${order.task} that ${host.runId} does not have`);
    const waiting = this.external.outcomeOf(host, order, task);
    if (waiting !== undefined) return waiting;
    if (task.kind === "sensor" && order.pokes < 3 && this.rng.chance(0.5)) {
      return { kind: "reschedule", at: this.now + task.sensor!.pokeIntervalMs };
    }
    if (this.rng.chance(this.#failureRate)) {
      const error = { code: "Error", message: "drawn" };
      return this.rng.chance(0.1)
        ? { kind: "skipped", reason: "drawn" }
        : { kind: "failed", error, retry: this.rng.chance(0.9) };
    }
    const lengths = Object.fromEntries(
      task.reportLengths.map((key) => [key, this.rng.chance(0.05) ? null : this.rng.below(4)]),
    );
    const xcoms = [{ key: "return_value", value: { in: "inline" as const, text: "1" } }];
    const base = { kind: "success" as const, xcoms, ...(task.reportLengths.length > 0 ? { lengths } : {}) };
    if (task.kind === "short_circuit") return { ...base, shortCircuited: this.rng.chance(0.3) };
    if (task.kind === "branch") return { ...base, follow: this.#drawFollow(host, task.taskId) };
    return base;
  }

  afterStep(host: RunHost, run: DagRun, event: RunEvent, result: StepResult): void {
    this.hash =
      (Math.imul(this.hash, 31) + result.instances.length + run.head.seq + Math.floor(this.now % 1_000_003)) | 0;
    this.covered(`event ${event.kind}`);
    if (result.handOff.length > 0) this.covered("handed off");
    if (result.stale.length > 0) this.covered("stale token");
    if (this.traces) {
      const changes = result.instances.map((ord) => `${ord}:${run.instances[ord]?.state}`).join(" ");
      if (this.trace.push(`${this.now} ${host.runId} ${event.kind} -> ${changes}`) > TRACE_LINES) this.trace.shift();
    }
    checkStep(this, host, run, event, result);
    this.external.check(host, run);
  }

  #drawFollow(host: RunHost, taskId: string): readonly string[] {
    const down = host.durable.spec.tasks.filter((task) => task.upstream.includes(taskId)).map((task) => task.taskId);
    if (this.rng.chance(0.03)) return ["nowhere"];
    return down.filter(() => this.rng.chance(0.6));
  }

  #mirror(runId: string, row: { seq: number; state: DagRunState }): void {
    const there = this.history.get(runId);
    if (there !== undefined && there.seq > row.seq && this.core.historyGuarded) {
      this.covered("older history refused");
      return;
    }
    this.history.set(runId, row);
  }

  #planRun(index: number): void {
    const spec = this.slas.assign(this.limits.assign(drawDag(this.rng, `dag${index}`)));
    const longest: Record<string, number> = {};
    if (this.rng.chance(0.6)) {
      for (const task of spec.tasks) if (this.rng.chance(0.8)) longest[task.taskId] = this.rng.between(1, 900);
    }
    this.plan(this.rng.below(5_000), () => {
      const at = this.now;
      const head = aDagRunHead({
        dagId: spec.dagId,
        runId: `run${index}`,
        incarnation: `i${index}`,
        queuedAt: at,
        runAfter: at,
        lastNow: at,
      });
      this.specs.set(head.runId, spec);
      const host = new RunHost(this, head, spec, longest);
      this.hosts.push(host);
      this.limits.planDeletion(host);
      this.#start(host);
      if (this.rng.chance(this.faults.userCommand * 4)) this.#planUserCommand(host);
    });
  }

  #start(host: RunHost): void {
    this.#quietly(() => {
      const offer = { room: this.rng.below(4), deadlineAt: this.now + 20_000, driver: "http" as const };
      const answer = host.handle({ kind: "run-started" }, offer, `start ${host.runId}`);
      new Driver(this, host).take(answer);
    });
  }

  #planUserCommand(host: RunHost): void {
    this.plan(this.rng.below(200_000), () => {
      if (this.healed) return;
      this.touched.add(host.runId);
      this.covered("userCommand");
      this.#quietly(() => host.handle(userCommand(this.rng, host.durable.spec), null, null));
      if (this.rng.chance(0.5)) this.#planUserCommand(host);
    });
  }

  /** The minute's cron: revives what sleeps although it should not. */
  #sweepLater(): void {
    this.plan(60_000, () => {
      let open = !this.healed;
      for (const host of this.hosts) {
        const { durable } = host;
        const { head } = durable;
        const ended = head.state === "success" || head.state === "failed";
        if (host.deleted || (ended && durable.outbox.size === 0 && !host.slots.owes && !this.slas.waits(host)))
          continue;
        open = true;
        if (!this.core.sweeps) continue;
        if (head.state === "queued") this.#start(host);
        else if (durable.alarmAt === null || durable.alarmAt < this.now - 60_000) {
          this.covered("revived by the sweep");
          this.#quietly(() => host.poke());
        }
      }
      if (open && (this.core.sweeps || !this.healed)) this.#sweepLater();
    });
  }

  #quietly(call: () => void): void {
    try {
      call();
    } catch (error) {
      if (!(error instanceof CallLost)) throw error;
    }
  }
}
