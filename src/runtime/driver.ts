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
import type { AttemptBatch, AttemptOrder, ReportAnswer } from "../model/protocol.ts";
import type { DagRunState } from "../model/state.ts";
import { countedPorts, type InvocationBudget } from "./budgets.ts";
import { type AttemptScope, type RunningAttempt, startAttempt } from "./execute-attempt.ts";
import { Heartbeats } from "./heartbeats.ts";
import type { RuntimePorts } from "./ports.ts";
import { deliverReports, reportChunks } from "./report-delivery.ts";
import { SecretMasker } from "./secret-masker.ts";
import { StoredXComs } from "./stored-xcom.ts";
import { Deadlines } from "./timeout.ts";
import { XComReader } from "./xcoms.ts";

/** How long an outcome waits for others to be reported with it. */
const COALESCE_MS = 3;

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

class Driver {
  readonly #dag: ExecutableDag;
  readonly #ports: RuntimePorts;
  readonly #limits: DriverLimits;
  readonly #masker = new SecretMasker();
  readonly #deadlines: Deadlines;
  readonly #stored: StoredXComs;
  readonly #heartbeats: Heartbeats;
  /** Tokens this invocation has started: a repeated answer never starts one again. */
  readonly #started = new Set<AttemptToken>();
  readonly #waiting: { readonly order: AttemptOrder; readonly scope: AttemptScope }[] = [];
  readonly #running = new Map<AttemptToken, RunningAttempt>();
  #outcomes: AttemptReport[] = [];
  #flushPlanned = false;
  #calls = 0;
  #leaseMs: number;
  #ended: () => void = () => undefined;
  readonly #counts = { reported: 0, stale: 0, stopped: 0, undelivered: 0 };
  #runState: DagRunState | null = null;

  constructor(batch: AttemptBatch, dag: ExecutableDag, ports: RuntimePorts, limits: DriverLimits) {
    this.#dag = dag;
    this.#ports = ports;
    this.#limits = limits;
    this.#leaseMs = batch.leaseMs;
    this.#deadlines = new Deadlines(ports);
    this.#stored = new StoredXComs(ports.objects);
    this.#heartbeats = new Heartbeats(batch.head, ports, batch.heartbeatMs, {
      tokens: () => [...this.#running.keys(), ...this.#waiting.map(({ order }) => order.token)],
      logOf: (token) => this.#running.get(token)?.log,
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
      const attempt = startAttempt(next.order, next.scope);
      this.#running.set(next.order.token, attempt);
      void attempt.report.then((report) => this.#finished(report));
    }
  }

  #finished(report: AttemptReport): void {
    // A stopped attempt is not running any more: its result is nobody's.
    if (!this.#running.delete(report.token)) return;
    this.#outcomes.push(report);
    this.#startWaiting();
    this.#planFlush();
  }

  #stop(token: AttemptToken): void {
    const waiting = this.#waiting.findIndex(({ order }) => order.token === token);
    if (waiting >= 0) this.#waiting.splice(waiting, 1);
    const attempt = this.#running.get(token);
    if (attempt === undefined && waiting < 0) return;
    this.#counts.stopped++;
    this.#running.delete(token);
    attempt?.abort.abort(new DOMException("The run's object stopped this attempt.", "AbortError"));
    this.#startWaiting();
    if (this.#outcomes.length > 0) this.#planFlush();
    this.#endIfIdle();
  }

  /** With nothing else running there is nothing to wait for. */
  #planFlush(): void {
    if (this.#running.size === 0) {
      this.#flush();
    } else if (!this.#flushPlanned) {
      this.#flushPlanned = true;
      void this.#ports.sleep(COALESCE_MS).then(() => {
        this.#flushPlanned = false;
        this.#flush();
      });
    }
  }

  #flush(): void {
    const outcomes = this.#outcomes;
    this.#outcomes = [];
    for (const reports of reportChunks(outcomes)) {
      this.#calls++;
      void this.#report(reports).then(() => {
        this.#calls--;
        this.#endIfIdle();
      });
    }
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
