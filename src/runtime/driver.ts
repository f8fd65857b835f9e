/**
 * @module Drives the attempts of one run inside one invocation: runs them side by side, reports outcomes together, takes along what the answers hand over, heartbeats,
 * and stops what the run's object says is over. It ends when nothing runs.
 *
 *     batch -> waiting -> running -> outcomes -> report (coalesced) -> answer's next batch -> waiting ...
 *
 * Nothing here is needed for safety: a driver that dies leaves leases that expire, and every call may be repeated.
 */
import type { ExecutableDag } from "../dag/executable-dag.ts";
import type { HandOffOffer } from "../model/event.ts";
import type { AttemptToken } from "../model/ids.ts";
import type { AttemptReport } from "../model/outcome.ts";
import type { AttemptBatch, AttemptOrder, DagRunPort, ReportAnswer } from "../model/protocol.ts";
import type { DagRunState } from "../model/state.ts";
import { countedPorts, type InvocationBudget } from "./budgets.ts";
import { type AttemptScope, type RunningAttempt, startAttempt } from "./execute-attempt.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { RuntimePorts } from "./ports.ts";
import { deliverReports, reportChunks } from "./report-delivery.ts";
import { SealedValues } from "./sealed-values.ts";
import { SecretMasker } from "./secret-masker.ts";
import { SegmentsAhead } from "./segments-ahead.ts";
import { StoredXComs } from "./stored-xcom.ts";
import { Deadlines } from "./timeout.ts";
import { XComReader } from "./xcoms.ts";

/** How long an outcome waits for others to be reported with it. */
const COALESCE_MS = 3;
/** How long the outcomes of a segment wait for the task that is under way. */
const SEGMENT_HOLD_MS = 100;
/** Time a segment's next task must find before the deadline; it is known to be short. */
const FOLLOWER_ROOM_MS = 5_000;

export interface DriverLimits {
  readonly driver: HandOffOffer["driver"];
  /** Epoch ms: the platform ends this invocation soon after. Nothing is taken that may run longer. */
  readonly deadlineAt: number;
  /** Attempts that run at the same time. */
  readonly room: number;
  /** Shared by all batches of the invocation. */
  readonly budget: InvocationBudget;
  /** False: answers hand nothing over, everything goes through the queue. */
  readonly handOff: boolean;
}

export interface DriveSummary {
  /** Attempts whose code was started. */
  readonly started: number;
  /** Outcomes the run's object has answered for, stale ones among them. */
  readonly reported: number;
  readonly stale: number;
  /** Told to stop while running. */
  readonly stopped: number;
  /** Outcomes that could not be delivered: their leases expire and the object dispatches them again. */
  readonly undelivered: number;
  /** State of the run as of the last answer. */
  readonly runState: DagRunState | null;
}

/** Runs a claimed or handed-over batch and all that follows from it. Never throws. */
export async function driveBatch(
  batch: AttemptBatch,
  dag: ExecutableDag,
  ports: RuntimePorts,
  limits: DriverLimits,
): Promise<DriveSummary> {
  return new Driver(batch, dag, countedPorts(ports, limits.budget), limits).drive(batch);
}

interface Running {
  readonly attempt: RunningAttempt;
  readonly scope: AttemptScope;
}

class Driver {
  readonly #dag: ExecutableDag;
  readonly #ports: RuntimePorts;
  readonly #limits: DriverLimits;
  readonly #masker: SecretMasker;
  readonly #deadlines: Deadlines;
  readonly #stored: StoredXComs;
  readonly #heartbeats: Heartbeats;
  /** Tokens this invocation has started: a repeated answer never starts one again. */
  readonly #started = new Set<AttemptToken>();
  readonly #waiting: { readonly order: AttemptOrder; readonly scope: AttemptScope }[] = [];
  readonly #running = new Map<AttemptToken, Running>();
  /** Begun ahead of the report that opens them. */
  readonly #ahead = new SegmentsAhead();
  #outcomes: AttemptReport[] = [];
  #flushPlanned: number | null = null;
  #calls = 0;
  #leaseMs: number;
  #ended: () => void = () => undefined;
  readonly #counts = { reported: 0, stale: 0, stopped: 0, undelivered: 0 };
  #runState: DagRunState | null = null;

  constructor(batch: AttemptBatch, dag: ExecutableDag, ports: RuntimePorts, limits: DriverLimits) {
    this.#dag = dag;
    this.#ports = { ...ports, run: this.#opening(ports.run) };
    this.#limits = limits;
    this.#masker = new SecretMasker(ports.env);
    this.#leaseMs = batch.leaseMs;
    this.#deadlines = new Deadlines(ports);
    this.#stored = new StoredXComs(ports.objects, new SealedValues(ports.secrets, this.#masker));
    this.#heartbeats = new Heartbeats(batch.head, ports, batch.heartbeatMs, {
      tokens: () => [
        ...[...this.#running.keys()].filter((token) => !this.#ahead.has(token)),
        ...this.#waiting.map(({ order }) => order.token),
      ],
      logOf: (token) => this.#running.get(token)?.attempt.log,
      stop: (token) => this.#stop(token),
    });
  }

  async drive(batch: AttemptBatch): Promise<DriveSummary> {
    const ended = new Promise<void>((resolve) => {
      this.#ended = resolve;
    });
    this.#take(batch);
    this.#endIfIdle();
    const beating = this.#heartbeats.run();
    await ended;
    this.#heartbeats.close();
    this.#deadlines.close();
    await beating;
    return { started: this.#started.size, ...this.#counts, runState: this.#runState };
  }

  #take(batch: AttemptBatch): void {
    const scope: AttemptScope = {
      head: batch.head,
      dag: this.#dag,
      ports: this.#ports,
      masker: this.#masker,
      deadlines: this.#deadlines,
      xcoms: new XComReader(this.#ports.run, this.#stored, batch),
    };
    this.#leaseMs = batch.leaseMs;
    for (const order of batch.attempts) {
      if (this.#started.has(order.token)) continue;
      this.#started.add(order.token);
      this.#limits.budget.spendAttempt();
      this.#waiting.push({ order, scope });
    }
    this.#startWaiting();
  }

  #startWaiting(): void {
    while (this.#running.size < this.#limits.room) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#start(next.order, next.scope);
    }
  }

  #start(order: AttemptOrder, scope: AttemptScope): void {
    const attempt = startAttempt(order, scope);
    this.#running.set(order.token, { attempt, scope });
    void attempt.report.then(async (report) => {
      // It must not overtake the report that opens its attempt; both may go in one call.
      if (this.#ahead.has(order.token)) await this.#ahead.delivery(order.token);
      this.#finished(report);
    });
  }

  #finished(report: AttemptReport): void {
    const running = this.#running.get(report.token);
    // A stopped attempt is not running any more: its result is nobody's.
    if (running === undefined) return;
    this.#running.delete(report.token);
    const next = this.#followerOf(running, report);
    if (next === undefined) {
      this.#outcomes.push(report);
      this.#startWaiting();
      this.#planFlush(COALESCE_MS);
      return;
    }
    this.#outcomes.push({ ...report, continuedBy: next.token });
    this.#ahead.begin(next.token);
    this.#started.add(next.token);
    this.#limits.budget.spendAttempt();
    this.#start(next, running.scope);
    this.#planFlush(SEGMENT_HOLD_MS);
  }

  /** The next task of the segment, if this outcome lets it run and it fits; it then sees what this attempt pushed. */
  #followerOf({ attempt, scope }: Running, { outcome }: AttemptReport): AttemptOrder | undefined {
    const { taskId, mapIndex, next } = attempt.order;
    const { handOff, deadlineAt, budget } = this.#limits;
    if (next === undefined || outcome.kind !== "success" || !handOff || budget.attemptsLeft <= 0) return undefined;
    if (this.#ports.now() + FOLLOWER_ROOM_MS > deadlineAt) return undefined;
    scope.xcoms.add(outcome.xcoms.map((xcom) => ({ taskId, mapIndex, ...xcom })));
    return next;
  }

  /** An attempt begun ahead is unknown to the object: what it asks under its token waits for the report that opens it. */
  #opening(run: DagRunPort): DagRunPort {
    return {
      claim: (request) => run.claim(request),
      report: (request) => run.report(request),
      heartbeat: (request) => run.heartbeat(request),
      readXComs: (request) => run.readXComs(request),
      once: async (request) => {
        if (this.#ahead.has(request.token)) this.#flush();
        await this.#ahead.delivery(request.token);
        return run.once(request);
      },
    };
  }

  #stop(token: AttemptToken): void {
    const waiting = this.#waiting.findIndex(({ order }) => order.token === token);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    const running = this.#running.get(token);
    if (running === undefined && waiting < 0) return;
    this.#counts.stopped++;
    this.#running.delete(token);
    running?.attempt.abort.abort(new DOMException("The run's object stopped this attempt.", "AbortError"));
    this.#startWaiting();
    if (this.#outcomes.length > 0) this.#planFlush(COALESCE_MS);
    this.#endIfIdle();
  }

  /** With nothing else running there is nothing to wait for. */
  #planFlush(delayMs: number): void {
    if (this.#running.size === 0) {
      this.#flush();
    } else if (this.#flushPlanned === null || this.#flushPlanned > delayMs) {
      // A longer wait that is under way finds nothing left, or something new: both are harmless.
      this.#flushPlanned = delayMs;
      void this.#ports.sleep(delayMs).then(() => {
        this.#flushPlanned = null;
        this.#flush();
      });
    }
  }

  #flush(): void {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    if (outcomes.length === 0) return;
    this.#calls++;
    const delivery = this.#reportAll(outcomes).then(() => {
      this.#calls--;
      this.#endIfIdle();
    });
    for (const { continuedBy } of outcomes) if (continuedBy !== undefined) this.#ahead.reported(continuedBy, delivery);
  }

  /** One call behind the other: a report may open the attempt of the next one. */
  async #reportAll(outcomes: readonly AttemptReport[]): Promise<void> {
    for (const reports of reportChunks(outcomes)) await this.#report(reports);
  }

  async #report(reports: readonly AttemptReport[]): Promise<void> {
    const { incarnation } = this.#heartbeats.head;
    const delivery = await deliverReports({ incarnation, reports, offer: this.#offer() }, this.#ports, this.#leaseMs);
    this.#counts.undelivered += delivery.undelivered;
    for (const answer of delivery.answers) this.#answered(answer);
    this.#counts.reported += reports.length - delivery.undelivered;
  }

  #answered(answer: ReportAnswer): void {
    this.#counts.stale += answer.stale.length;
    // Among them a segment's next task that may not run after all.
    for (const token of answer.stale) this.#stop(token);
    this.#runState = answer.runState;
    if (answer.next !== null) this.#take(answer.next);
  }

  #offer(): HandOffOffer | null {
    const { handOff, deadlineAt, driver, budget, room } = this.#limits;
    const free = Math.min(room - this.#running.size, budget.attemptsLeft) - this.#waiting.length;
    return handOff && free > 0 && this.#ports.now() < deadlineAt ? { room: free, deadlineAt, driver } : null;
  }

  #endIfIdle(): void {
    const idle = this.#running.size === 0 && this.#waiting.length === 0 && this.#outcomes.length === 0;
    if (idle && this.#calls === 0) this.#ended();
  }
}
